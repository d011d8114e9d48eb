import type { Room, State } from "../store/state.ts";
import type { Ticker } from "../store/ticker.ts";
import { clock, roomName } from "./format.ts";
import { justify, type Row, span } from "./row.ts";
import { quoteSpans } from "./ticker.ts";

type HeaderState = Pick<State, "nick" | "label" | "minute">;

/** Room and topic line left; who and where, and the time, right. */
export function headerRow({ nick, label, minute }: HeaderState, { topic, line }: Room, width: number): Row {
  const left = [span(" backchat  ", "title"), span(roomName(topic), "bold")];
  if (line !== "") left.push(span(` — ${line}`));
  const right = [span(`  ${nick}@${label}`, "dim"), span(`  ${clock(minute)} `, "plain")];
  return justify(left, right, width);
}

/** The header of a small screen: a symbol takes the place of the address. */
export function smallHeaderRow({ minute }: HeaderState, { topic, line }: Room, ticker: Ticker, width: number): Row {
  const left = [span(` ${roomName(topic)}`, "bold")];
  if (line !== "") left.push(span(` — ${line}`));
  const quote = ticker.featured && ticker.quotes.get(ticker.featured.symbol);
  const right = quote ? [span("  "), ...quoteSpans(quote, ticker), span(` ${ticker.source ?? ""} `, "dim")] : [];
  return justify(left, [...right, span(` ${clock(minute)} `)], width);
}
