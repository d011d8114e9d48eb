import type { Session } from "../../client/session.ts";
import type { Notice } from "../../client/events.ts";
import { RENEW_MS } from "./members.ts";
import { actionsOf } from "./notices.ts";
import { meterPoll } from "./meter-poll.ts";
import { silence } from "./silence.ts";
import type { Store } from "./store.ts";
import { tickerFeed } from "./ticker-feed.ts";

/** What the store hears from. */
export type Source = Pick<Session, "listen" | "stats" | "figures" | "roundTrips" | "quietFor">;

/** Keep a store up to date with a session. Timers run only while something changes, besides the clock's minute. */
export function observe(session: Source, store: Store): Disposable {
  const stack = new DisposableStack();
  const ticker = stack.use(tickerFeed(store));
  const meters = stack.use(meterPoll(session, store));
  const countdown = stack.use(new Countdown(store));
  const settling = stack.use(new Settling(store));
  stack.use(silence(session, store));
  stack.use(minuteClock(store));

  const onNotice = (notice: Notice): void => {
    meters.stir();
    if (ticker.takes(notice)) return;
    const actions = actionsOf(notice, Date.now());
    store.absorb(actions);
    for (const action of actions) {
      if (action.kind === "waiting") countdown.start(action.seconds);
      if (action.kind === "connecting" || action.kind === "closed") countdown.stop();
      if (action.kind === "presence-anew") settling.begin(action.topic);
    }
  };
  stack.defer(session.listen(onNotice));
  return stack.move();
}

/** Seconds until the next try, told once a second. */
class Countdown implements Disposable {
  readonly #store: Store;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  start(seconds: number): void {
    this.stop();
    let left = seconds;
    this.#timer = setInterval(() => {
      left -= 1;
      if (left < 1) this.stop();
      else this.#store.absorb([{ kind: "countdown", seconds: left }]);
    }, 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** Says when a list that began anew is complete; if it begins anew once more meanwhile, later. */
class Settling implements Disposable {
  readonly #store: Store;
  /** By `who:` topic. */
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(store: Store) {
    this.#store = store;
  }

  begin(topic: string): void {
    clearTimeout(this.#timers.get(topic));
    const settle = () => {
      this.#timers.delete(topic);
      this.#store.absorb([{ kind: "presence-settled", topic }]);
    };
    this.#timers.set(topic, setTimeout(settle, RENEW_MS));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

function minuteClock(store: Store): Disposable {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(
      () => {
        store.absorb([{ kind: "clock", now: Date.now() }]);
        wait();
      },
      60_000 - (Date.now() % 60_000),
    );
  };
  wait();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
