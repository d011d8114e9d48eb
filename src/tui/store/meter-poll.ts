import type { Session } from "../../client/session.ts";
import type { Store } from "./store.ts";

/** While something happens the figures are read so often, in ms. */
const BUSY_MS = 500;
/** While nothing does: often enough for the pings, which go unannounced. */
const IDLE_MS = 5_000;
/** The rate is of so long, in ms. */
const RATE_MS = 5_000;

export interface MeterPoll extends Disposable {
  /** Something has happened. */
  stir(): void;
}

/** Reads the session's figures at most twice a second, and less while nothing happens. */
export function meterPoll(
  session: Pick<Session, "stats" | "figures" | "roundTrips">,
  store: Store,
): MeterPoll {
  /** Bytes down so far at some times of late, oldest first. */
  let past: { readonly at: number; readonly down: number }[] = [];
  let shown = "";
  let stirred = false;
  let timer = setTimeout(poll, BUSY_MS);
  let dueAt = performance.now() + BUSY_MS;

  function poll(): void {
    const { gaps, ...all } = session.stats;
    const each = session.figures;
    const roundTrips = session.roundTrips;
    const now = performance.now();
    past = [...past.filter(({ at }) => now - at <= RATE_MS), { at: now, down: all.bytesDown }];
    const [oldest] = past;
    const rate =
      oldest && now > oldest.at ? ((all.bytesDown - oldest.down) / (now - oldest.at)) * 1_000 : 0;
    const meters = { all, each, gaps, rate, roundTrips };
    const seen = JSON.stringify([all, gaps, Math.round(rate / 10), roundTrips]);
    if (seen !== shown) {
      shown = seen;
      store.absorb([{ kind: "meters", meters }]);
    }
    wait(stirred ? BUSY_MS : IDLE_MS);
    stirred = false;
  }

  function wait(ms: number): void {
    clearTimeout(timer);
    dueAt = performance.now() + ms;
    timer = setTimeout(poll, ms);
  }

  return {
    stir() {
      stirred = true;
      if (dueAt - performance.now() > BUSY_MS) wait(BUSY_MS);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
