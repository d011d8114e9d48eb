import { useStore } from "../hooks/use-store.ts";
import { layoutOf } from "../view/layout.ts";
import { padRow, type Row, span } from "../view/row.ts";
import { stripRow, tickerRows } from "../view/ticker.ts";
import { transportRows } from "../view/transports.ts";
import { Rows } from "./rows.tsx";

/** The right column: prices above, transports below. */
export function Market() {
  const { right: width, body: height } = useStore(layoutOf);
  const ticker = useStore((state) => state.ticker);
  const link = useStore((state) => state.link);
  const meters = useStore((state) => state.meters);
  const inner = width - 1;
  const transports = transportRows({ link, meters }, inner);
  const prices =
    ticker.source === undefined ? [] : tickerRows(ticker, inner, height - transports.length);
  const blanks = Array.from(
    { length: Math.max(0, height - prices.length - transports.length) },
    (): Row => [],
  );
  const parts =
    prices.length > 0 ? [...prices, ...blanks, ...transports] : [...transports, ...blanks];
  const rows = parts.slice(0, height);
  return <Rows width={width} rows={rows.map((row) => [span("│", "dim"), ...padRow(row, inner)])} />;
}

/** Prices in a row. */
export function Strip() {
  const { columns } = useStore(layoutOf);
  const ticker = useStore((state) => state.ticker);
  return <Rows width={columns} rows={[stripRow(ticker, columns)]} />;
}
