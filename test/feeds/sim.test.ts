import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPANIES } from "../../src/server/feeds/companies.ts";
import { simulate } from "../../src/server/feeds/sim.ts";
import { cents, type Moment } from "../../src/server/feeds/tick.ts";

const HOUR = 3_600_000;

function untilTime(seed: number, ms: number): Moment[] {
  const moments: Moment[] = [];
  for (const moment of simulate(seed, 1)) {
    if (moment.at >= ms) break;
    moments.push(moment);
  }
  return moments;
}

/** Ticks in each window of so many ms, the opening left out. */
function countTicks(moments: readonly Moment[], windowMs: number): number[] {
  const counts: number[] = [];
  for (const { at, ticks } of moments.slice(1)) {
    const window = Math.floor(at / windowMs);
    counts[window] = (counts[window] ?? 0) + ticks.length;
  }
  return Array.from(counts, (count: number | undefined) => count ?? 0);
}

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("the companies", () => {
  it("have symbols of three to five letters and names, all different", () => {
    for (const { symbol } of COMPANIES) expect(symbol).toMatch(/^[A-Z]{3,5}$/u);
    expect(COMPANIES.length).toBeGreaterThanOrEqual(20);
    expect(new Set(COMPANIES.map(({ symbol }) => symbol)).size).toBe(COMPANIES.length);
    expect(new Set(COMPANIES.map(({ name }) => name)).size).toBe(COMPANIES.length);
  });
});

describe("the simulated market", () => {
  it("opens with every symbol at its opening price", () => {
    const [opening] = untilTime(1, 1);
    expect(opening).toEqual({
      at: 0,
      ticks: COMPANIES.map(({ symbol, opening: price }) => ({ symbol, price, change: 0 })),
    });
  });

  it("is decided by the seed", () => {
    fc.assert(
      fc.property(seeds, seeds, (seed, other) => {
        const path = simulate(seed, 1).take(50).toArray();
        expect(simulate(seed, 1).take(50).toArray()).toEqual(path);
        if (other !== seed) expect(simulate(other, 1).take(50).toArray()).not.toEqual(path);
      }),
    );
  });

  it("has the same prices at any speed, only sooner", () => {
    const speed = fc.double({ min: 0.001, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(seeds, speed, (seed, factor) => {
        const usual = simulate(seed, 1).take(50).toArray();
        const fast = simulate(seed, factor).take(50).toArray();
        expect(fast).toEqual(usual.map(({ at, ticks }) => ({ at: at / factor, ticks })));
      }),
    );
  });

  it("has prices above 0 in whole cents, and changes that add up, in small groups", () => {
    const openings = new Map(COMPANIES.map(({ symbol, opening }) => [symbol, opening]));
    fc.assert(
      fc.property(seeds, (seed) => {
        for (const { ticks } of simulate(seed, 1).drop(1).take(2_000)) {
          expect(ticks.length).toBeGreaterThanOrEqual(1);
          expect(ticks.length).toBeLessThanOrEqual(4);
          expect(new Set(ticks.map(({ symbol }) => symbol)).size).toBe(ticks.length);
          for (const { symbol, price, change } of ticks) {
            expect(price).toBeGreaterThan(0);
            expect(cents(price)).toBe(price);
            expect(change).toBe(cents(price - (openings.get(symbol) ?? NaN)));
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it("moves forward in time", () => {
    const times = untilTime(7, HOUR / 4).map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
  });

  it.each([1, 2, 3])("makes about 10 ticks a second, a few to some 40 (seed %i)", (seed) => {
    const windows = countTicks(untilTime(seed, 2 * HOUR), 2_000).map((count) => count / 2);
    const average = windows.reduce((sum, rate) => sum + rate, 0) / windows.length;
    expect(average).toBeGreaterThan(8);
    expect(average).toBeLessThan(13);
    expect(Math.max(...windows)).toBeLessThan(50);
    const share = (from: number, to: number): number =>
      windows.filter((rate) => rate >= from && rate < to).length / windows.length;
    expect(share(0, 6)).toBeGreaterThan(0.2);
    expect(share(20, 50)).toBeGreaterThan(0.05);
  });

  it("is wildest just after the start", () => {
    const moved = (moments: readonly Moment[]): number => {
      const last = new Map<string, number>();
      let sum = 0;
      for (const { symbol, price } of moments.flatMap(({ ticks }) => ticks)) {
        sum += Math.log(price / (last.get(symbol) ?? price)) ** 2;
        last.set(symbol, price);
      }
      return sum;
    };
    let opening = 0;
    let later = 0;
    for (let seed = 0; seed < 10; seed += 1) {
      const moments = untilTime(seed, HOUR / 4);
      opening += moved(moments.filter(({ at }) => at < 60_000));
      later += moved(moments.filter(({ at }) => at >= 10 * 60_000 && at < 11 * 60_000));
    }
    expect(opening).toBeGreaterThan(4 * later);
  });

  it("keeps prices that people believe for hours", () => {
    for (const { ticks } of simulate(4400, 1).take(60_000)) {
      for (const { price, change } of ticks) {
        const opening = price - change;
        expect(price > opening / 4 && price < opening * 4).toBe(true);
      }
    }
  });
});
