import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type FeedOptions,
  type FeedSource,
  openFeed,
  type Tick,
} from "../../src/server/feeds/feed.ts";
import { FeedError } from "../../src/server/feeds/feed-error.ts";
import { makeFile, makeFolder, realPrices } from "./files.ts";

const warn = (line: string): never => expect.unreachable(line);

async function open(spec: string, options: Partial<FeedOptions> = {}): Promise<FeedSource> {
  const feed = await openFeed(spec, { warn, ...options });
  return feed ?? expect.unreachable("no feed");
}

async function failure(spec: string, options: Partial<FeedOptions> = {}): Promise<FeedError> {
  const error: unknown = await openFeed(spec, { warn, ...options }).catch(
    (reason: unknown) => reason,
  );
  if (!(error instanceof FeedError)) throw new Error("expected a FeedError", { cause: error });
  expect(error.message).not.toMatch(/\p{Cc}/u);
  return error;
}

/** What a feed emits in the first `ms`. */
async function watch(feed: FeedSource, ms: number): Promise<Tick[]> {
  const ticks: Tick[] = [];
  const controller = new AbortController();
  const done = feed.run((batch) => ticks.push(...batch), controller.signal);
  await vi.advanceTimersByTimeAsync(ms);
  controller.abort();
  await done;
  expect(vi.getTimerCount()).toBe(0);
  return ticks;
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("--feed", () => {
  it("none is no feed", async () => {
    expect(await openFeed("none", { warn })).toBeUndefined();
  });

  it("sim is labelled as what it is and is the same in each run", async () => {
    const feed = await open("sim");
    expect(feed.label).toBe("simulated");
    const ticks = await watch(feed, 10_000);
    expect(ticks.length).toBeGreaterThan(50);
    expect(await watch(feed, 10_000)).toEqual(ticks);
    expect(await watch(await open("sim", { seed: 7 }), 10_000)).not.toEqual(ticks);
  });

  it("sim goes as many times as fast as --feed-speed says", async () => {
    const usual = await watch(await open("sim"), 10_000);
    expect(await watch(await open("sim", { speed: 10 }), 1_000)).toEqual(usual);
  });

  it("replay:FILE plays a date a second, labelled with the file's name", async () => {
    const feed = await open(`replay:${realPrices("stocks.csv")}`);
    expect(feed.label).toBe("replay of stocks.csv");
    const ticks = await watch(feed, 1_500);
    expect(ticks.map(({ symbol, date }) => `${symbol} ${date}`)).toEqual([
      "MSFT Jan 1 2000",
      "AMZN Jan 1 2000",
      "IBM Jan 1 2000",
      "AAPL Jan 1 2000",
      "MSFT Feb 1 2000",
      "AMZN Feb 1 2000",
      "IBM Feb 1 2000",
      "AAPL Feb 1 2000",
    ]);
  });

  it("replay:FILE plays daily rows under --feed-symbol, and loops", async () => {
    const feed = await open(`replay:${realPrices("sp500-2000.csv")}`, {
      symbol: "SP500",
      speed: 1_000,
    });
    const ticks = await watch(feed, 5_105);
    expect(ticks).toHaveLength(5_105 * 4 + 1);
    expect(ticks[0]).toEqual({ symbol: "SP500", price: 1469.25, change: 0, date: "2000-01-03" });
    expect(ticks.at(-1)).toEqual(ticks[0]);
  });

  it("replay:FILE tells of bad rows", async () => {
    const file = await makeFile("symbol,date,price\nA,2000-01-03,1\nB,2000-01-03,x\n");
    const lines: string[] = [];
    await open(`replay:${file}`, { warn: (line) => lines.push(line) });
    expect(lines).toEqual([`${file}:3: expected a price above 0, came "x"; row skipped`]);
  });

  it("shows a file's name in the label as data", async () => {
    const file = join(await makeFolder(), "\u001b[31mred\n.csv");
    await copyFile(realPrices("stocks.csv"), file);
    expect((await open(`replay:${file}`)).label).toBe("replay of \\u001b[31mred\\n.csv");
  });

  it.each(["", "Sim", "replay", "replay:", "stocks.csv", "\u001b[31m"])(
    "refuses %j",
    async (spec) => {
      const error = await failure(spec);
      expect(error).toMatchObject({ name: "FeedError", code: "spec" });
      expect(error.message).toContain(
        `expected sim, none or replay:FILE, came ${JSON.stringify(spec)}`,
      );
    },
  );

  it.each([0, -1, NaN, Infinity, 1_000.1])("refuses a speed of %d", async (speed) => {
    for (const spec of ["sim", "none", "replay:x.csv"]) {
      const error = await failure(spec, { speed });
      expect(error.code).toBe("speed");
      expect(error.message).toContain(`expected a number above 0 and at most 1000, came ${speed}`);
    }
  });

  it.each([-1, 1.5, NaN, 2 ** 32])("refuses a seed of %d", async (seed) => {
    expect(await failure("sim", { seed })).toMatchObject({ code: "seed" });
  });

  it("says in one line what is wrong with a file", async () => {
    expect((await failure("replay:no/such.csv")).message).toBe(
      "no/such.csv: expected a CSV file, came no file of that name; check the path",
    );
  });
});
