import { describe, expect, it } from "vitest";
import { readPrices } from "../../src/server/feeds/price-file.ts";
import type { PriceRow } from "../../src/server/feeds/price-row.ts";
import { replay } from "../../src/server/feeds/replay.ts";
import type { Moment } from "../../src/server/feeds/tick.ts";
import { realPrices } from "./files.ts";

const DAY = 86_400_000;
const row = (symbol: string, day: number, ...prices: number[]): PriceRow => ({
  symbol,
  day: day * DAY,
  date: `day ${day}`,
  prices,
});

function take(rows: readonly PriceRow[], speed: number, count: number): Moment[] {
  return replay(rows, speed).take(count).toArray();
}

describe("a replay", () => {
  it("plays all rows of a day in one step, and steps over days without rows", () => {
    expect(take([row("A", 1, 10), row("B", 1, 20), row("A", 9, 10.5)], 2, 2)).toEqual([
      {
        at: 0,
        ticks: [
          { symbol: "A", price: 10, change: 0, date: "day 1" },
          { symbol: "B", price: 20, change: 0, date: "day 1" },
        ],
      },
      { at: 500, ticks: [{ symbol: "A", price: 10.5, change: 0.5, date: "day 9" }] },
    ]);
  });

  it("spreads the four prices of a day evenly over its step", () => {
    const moments = take([row("A", 1, 10, 12, 8, 9), row("A", 2, 9, 8, 12, 11)], 1, 8);
    expect(moments.map(({ at }) => at)).toEqual([0, 250, 500, 750, 1_000, 1_250, 1_500, 1_750]);
    expect(moments.flatMap(({ ticks }) => ticks.map(({ price }) => price))).toEqual([
      10, 12, 8, 9, 9, 8, 12, 11,
    ]);
  });

  it("starts again after the last day, with the same changes", () => {
    const rows = [row("A", 1, 10), row("A", 2, 11), row("B", 2, 5)];
    const [first, second, again, after] = take(rows, 1, 4);
    expect(again).toEqual({ ...first, at: 2_000 });
    expect(after).toEqual({ ...second, at: 3_000 });
  });

  it("counts a change from the symbol's first price, in cents", () => {
    const moments = take([row("A", 1, 10.1), row("A", 2, 10.105), row("A", 3, 9.999)], 1, 3);
    expect(moments.flatMap(({ ticks }) => ticks.map(({ change }) => change))).toEqual([
      0, 0.01, -0.1,
    ]);
  });

  it("cuts a crowded day into several moments at the same time", () => {
    const rows = Array.from({ length: 1_100 }, (_, index) => row(`S${index}`, 1, 1));
    const moments = take(rows, 1, 3);
    expect(moments.map(({ at, ticks }) => [at, ticks.length])).toEqual([
      [0, 500],
      [0, 500],
      [0, 100],
    ]);
  });

  it("stays in time at the slowest speed that a number can say", () => {
    expect(take([row("A", 1, 1)], Number.MIN_VALUE, 2).map(({ at }) => at)).toEqual([0, Infinity]);
  });

  it("plays the real stocks, each month a step", async () => {
    const warn = (line: string): never => expect.unreachable(line);
    const moments = take(await readPrices(realPrices("stocks.csv"), { warn }), 1, 123);
    expect(moments.flatMap(({ ticks }) => ticks)).toHaveLength(560);
    expect(moments[0]?.ticks).toEqual([
      { symbol: "MSFT", price: 39.81, change: 0, date: "Jan 1 2000" },
      { symbol: "AMZN", price: 64.56, change: 0, date: "Jan 1 2000" },
      { symbol: "IBM", price: 100.52, change: 0, date: "Jan 1 2000" },
      { symbol: "AAPL", price: 25.94, change: 0, date: "Jan 1 2000" },
    ]);
    expect(moments.at(-1)?.at).toBe(122_000);
    expect(moments.at(-1)?.ticks.at(-1)).toMatchObject({ symbol: "AAPL", date: "Mar 1 2010" });
  });
});
