import { flashes, type Quote, type Ticker } from "../store/ticker.ts";
import { fit } from "../text/width.ts";
import { sparkline } from "./format.ts";
import { fitRow, type Row, rowCells, span, type Span } from "./row.ts";

/** All symbols that there is room for, and where they come from. */
export function stripRow(ticker: Ticker, width: number): Row {
  const row: Span[] = [span(` ${ticker.source ?? ""}`, "dim")];
  let used = rowCells(row);
  for (const quote of ticker.quotes.values()) {
    const next = [span("  "), ...quoteSpans(quote, ticker)];
    used += rowCells(next);
    if (used > width) break;
    row.push(...next);
  }
  return row.length === 1 ? fitRow(row, width) : row;
}

const SYMBOL = 5;
const PRICE = 8;
const CHANGE = 7;

/** The ticker as a pane of so many rows. */
export function tickerRows(ticker: Ticker, width: number, height: number): readonly Row[] {
  const { source, received, painted, quotes } = ticker;
  if (height < 1) return [];
  const title = [span("TICKER ", "bold"), span(source ?? "", "dim")];
  const rates = span(`recv ${received}/s · paint ${painted}/s`, "dim");
  const rows: Row[] = [fitRow(title, width), fitRow([rates], width)];
  const room = Math.max(0, height - rows.length);
  const shown = [...quotes.values()].slice(0, quotes.size > room ? room - 1 : room);
  for (const quote of shown) rows.push(fitRow(tickerRow(quote, ticker, width), width));
  if (quotes.size > shown.length && room > 0)
    rows.push([span(`${quotes.size - shown.length} more`, "dim")]);
  return rows.slice(0, height);
}

function tickerRow(quote: Quote, ticker: Ticker, width: number): Row {
  const { symbol, price, change, trail } = quote;
  const bars = Math.max(0, width - SYMBOL - PRICE - CHANGE - 3);
  const lit = flashes(quote, ticker);
  return [
    span(fit(symbol, SYMBOL, { pad: "end" })),
    span(price.toFixed(2).padStart(PRICE), lit ? "bold" : "plain"),
    span(
      ` ${arrow(change)}${Math.abs(change)
        .toFixed(2)
        .padStart(CHANGE - 1)} `,
      tone(change),
    ),
    span(sparkline(trail.slice(-bars)), lit ? tone(change) : "dim"),
  ];
}

/** A symbol with its price and change. */
export function quoteSpans(quote: Quote, ticker: Ticker): Span[] {
  const { symbol, price, change } = quote;
  return [
    span(`${symbol} `),
    span(price.toFixed(2), flashes(quote, ticker) ? "bold" : "plain"),
    span(` ${arrow(change)}${Math.abs(change).toFixed(2)}`, tone(change)),
  ];
}

function arrow(change: number): string {
  return change > 0 ? "▲" : change < 0 ? "▼" : "=";
}

function tone(change: number): "good" | "bad" | "dim" {
  return change > 0 ? "good" : change < 0 ? "bad" : "dim";
}
