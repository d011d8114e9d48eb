import type { Room, State } from "../store/state.ts";
import type { Ticker } from "../store/ticker.ts";
import { clock, roomName } from "./format.ts";
import { justify, type Row, rowCells, span } from "./row.ts";
import { quoteSpans } from "./ticker.ts";

type HeaderState = Pick<State, "nick" | "label" | "minute">;
type TitledRoom = Pick<Room, "topic" | "line">;

/** Room and topic line left; who and where, and the time, right. */
export function headerRow(
  { nick, label, minute }: HeaderState,
  { topic, line }: TitledRoom,
  width: number,
): Row {
  const left = [span(" backchat  ", "title"), span(roomName(topic), "bold")];
  if (line !== "") left.push(span(` — ${line}`));
  const right = [span(`  ${nick}@${label}`, "dim"), span(`  ${clock(minute)} `, "plain")];
  return justify(left, right, width);
}

/** The header of a small screen: a symbol takes the place of the address. */
export function smallHeaderRow(
  minute: number,
  { topic, line }: TitledRoom,
  ticker: Ticker,
  width: number,
): Row {
  const left = [span(` ${roomName(topic)}`, "bold")];
  if (line !== "") left.push(span(` — ${line}`));
  const time = span(` ${clock(minute)} `);
  const quote = ticker.featured && ticker.quotes.get(ticker.featured.symbol);
  if (!quote) return justify(left, [time], width);
  // A third of the row is the room's; a price without its source is none.
  const right = [
    span("  "),
    ...quoteSpans(quote, ticker),
    span(` ${ticker.source ?? ""} `, "dim"),
    time,
  ];
  const wide = Math.min(rowCells(left), Math.ceil(width / 3));
  return justify(left, rowCells(right) + wide < width ? right : [time], width);
}
