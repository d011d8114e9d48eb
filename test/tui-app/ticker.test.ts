import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TopicEvent } from "../../src/client/events.ts";
import { Store } from "../../src/tui/store/store.ts";
import { tickerFeed } from "../../src/tui/store/ticker-feed.ts";
import { EMPTY_TICKER, updateTicker } from "../../src/tui/store/ticker.ts";
import { cells } from "../../src/tui/text/width.ts";
import { stripRow, tickerRows } from "../../src/tui/view/ticker.ts";
import { rowText } from "./support/text.ts";
import { fresh, NOON } from "./support/states.ts";

const tick = (symbol: string, price: number, change = 0) => ({ symbol, price, change });

function price(symbol: string, value: number): TopicEvent {
  const body = { symbol, price: value, change: 1 };
  return {
    kind: "event",
    topic: "feed:market",
    offset: 1,
    epoch: "e1",
    at: NOON,
    from: "",
    body,
    superseded: 0,
  };
}

describe("the ticker", () => {
  const ticks = [tick("ACME", 101.37, 0.12), tick("GLOB", 98.02, -0.41), tick("FLAT", 5, 0)];
  const first = updateTicker(
    { ...EMPTY_TICKER, source: "simulated" },
    { ticks, received: 30, painted: 8, now: NOON },
  );

  it("says where its prices come from, in words", () => {
    const rows = tickerRows(first, 30, 5).map(rowText);
    expect(rows[0]).toBe("TICKER simulated");
    expect(rows[1]).toBe("recv 30/s · paint 8/s");
    expect(rows[2]).toMatch(/^ACME\s+101\.37 ▲\s+0\.12/);
    expect(rows[3]).toMatch(/^GLOB\s+98\.02 ▼\s+0\.41/);
    expect(rows[4]).toMatch(/^FLAT\s+5\.00 =\s+0\.00/);
    expect(rowText(stripRow(first, 80))).toBe(
      " simulated  ACME 101.37 ▲0.12  GLOB 98.02 ▼0.41  FLAT 5.00 =0.00",
    );
  });

  it("says how many symbols there is no room for", () => {
    expect(tickerRows(first, 30, 4).map(rowText).at(-1)).toBe("2 more");
  });

  it("draws the way of each price", () => {
    let ticker = first;
    for (const value of [102, 103, 99])
      ticker = updateTicker(ticker, {
        ticks: [tick("ACME", value)],
        received: 1,
        painted: 1,
        now: NOON,
      });
    expect(rowText(tickerRows(ticker, 30, 5)[2] ?? [])).toContain("▅▆█▁");
  });

  it.each([60, 40, 20, 3])("fits into %i cells", (width) => {
    for (const row of [...tickerRows(first, width, 5), stripRow(first, width)])
      expect(cells(rowText(row))).toBeLessThanOrEqual(width);
  });
});

describe("prices that come", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  it("are painted at most ten times a second, and never when none came", () => {
    const store = new Store(fresh());
    let paints = 0;
    let before = store.get().ticker.quotes;
    store.subscribe(() => {
      const { quotes } = store.get().ticker;
      if (quotes.get("ACME")?.price !== before.get("ACME")?.price) paints += 1;
      before = quotes;
    });
    using feed = tickerFeed(store);
    for (let at = 0; at < 1_000; at += 10) {
      expect(feed.takes(price("ACME", 100 + at))).toBe(true);
      vi.advanceTimersByTime(10);
    }
    expect(paints).toBeGreaterThanOrEqual(8);
    expect(paints).toBeLessThanOrEqual(10);
    expect(store.get().ticker.received).toBeGreaterThan(80);
    // The flash goes out and the rates go down; then there is silence.
    vi.advanceTimersByTime(3_000);
    expect(store.get().ticker).toMatchObject({ received: 0, painted: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });
});
