import type { Notice } from "../../client/events.ts";
import { MARKET, tickOf } from "./notices.ts";
import type { Store } from "./store.ts";
import { FLASH_MS, type Tick } from "./ticker.ts";

/** Prices are shown at most so often, in ms. */
const PAINT_MS = 100;
/** Rates are of so long, in ms. */
const RATE_MS = 1_000;

export interface TickerFeed extends Disposable {
  /** @returns whether the notice was a price: then nobody else has to deal with it */
  takes(notice: Notice): boolean;
}

/** Joins the prices that come within {@link PAINT_MS} into one action. Without prices no timer runs. */
export function tickerFeed(store: Store): TickerFeed {
  const waiting = new Map<string, Tick>();
  const received = new Rate();
  const painted = new Rate();
  let timer: NodeJS.Timeout | undefined;
  let lastTick = Number.NEGATIVE_INFINITY;

  const paint = (): void => {
    timer = undefined;
    const now = performance.now();
    if (waiting.size > 0) painted.count(now, 1);
    const ticks = [...waiting.values()];
    waiting.clear();
    store.absorb([
      {
        kind: "ticks",
        update: { ticks, received: received.of(now), painted: painted.of(now), now },
      },
    ]);
    // What flashed goes out, and the rates go down to 0.
    const rest = lastTick + RATE_MS + FLASH_MS - now;
    if (rest > 0) timer = setTimeout(paint, Math.max(PAINT_MS, Math.min(rest, FLASH_MS)));
  };

  const takes = (notice: Notice): boolean => {
    if (notice.kind !== "event" || notice.topic !== MARKET) return false;
    const tick = tickOf(notice);
    if (!tick) return true;
    const now = performance.now();
    received.count(now, 1);
    // Nothing that comes late makes the next paint come later.
    if (waiting.size === 0) {
      clearTimeout(timer);
      timer = setTimeout(paint, PAINT_MS);
    }
    lastTick = now;
    waiting.set(tick.symbol, tick);
    return true;
  };

  return { takes, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Counts of the last second, in tenths. */
class Rate {
  readonly #tenths: number[] = Array.from({ length: 10 }, () => 0);
  #at = 0;

  count(now: number, by: number): void {
    this.#turn(now);
    this.#tenths[this.#at % 10] = (this.#tenths[this.#at % 10] ?? 0) + by;
  }

  of(now: number): number {
    this.#turn(now);
    return this.#tenths.reduce((sum, value) => sum + value, 0);
  }

  #turn(now: number): void {
    const at = Math.floor(now / (RATE_MS / 10));
    for (let passed = Math.max(this.#at + 1, at - 9); passed <= at; passed += 1)
      this.#tenths[passed % 10] = 0;
    this.#at = Math.max(this.#at, at);
  }
}
