import type { PriceRow } from "./price-row.ts";
import { cents, type Moment, type Tick } from "./tick.ts";

/** Ticks in one moment; a day of more has several moments at the same time. */
const MAX_GROUP = 500;

/**
 * Play rows day by day, one day a step, however many days lie between. A row of one price plays at
 * the start of its step; a row of four at its start, quarter, half and three quarters. After the
 * last day it starts again from the first, without end: each price is then what it was, and so is
 * its change, which counts from the symbol's first price of all.
 * @param rows oldest first, at least one, all of as many prices
 * @param speed days a second, above 0
 */
export function* replay(rows: readonly PriceRow[], speed: number): Generator<Moment, never> {
  const days = [...Map.groupBy(rows, (row) => row.day).values()];
  const parts = rows[0]?.prices.length ?? 1;
  const opening = new Map<string, number>();
  for (let step = 0; ; step += 1) {
    const day = days[step % days.length] ?? [];
    for (let part = 0; part < parts; part += 1) {
      const at = ((step + part / parts) * 1_000) / speed;
      for (let start = 0; start < day.length; start += MAX_GROUP) {
        const group = day.slice(start, start + MAX_GROUP);
        yield { at, ticks: group.flatMap((row) => toTick(row, part, opening)) };
      }
    }
  }
}

/** The tick of one of a row's prices. `opening` has each symbol's first price, and gets that of a new one. */
function toTick(row: PriceRow, part: number, opening: Map<string, number>): Tick[] {
  const { symbol, date } = row;
  const price = row.prices[part];
  if (price === undefined) return [];
  const first = opening.get(symbol) ?? price;
  opening.set(symbol, first);
  return [{ symbol, price, change: cents(price - first), date }];
}
