import { expect, test, vi } from "vitest";
import type { Notice } from "../../src/client/events.ts";
import { RENEW_MS } from "../../src/tui/store/members.ts";
import { observe } from "../../src/tui/store/observe.ts";
import { currentRoom } from "../../src/tui/store/state.ts";
import { Store } from "../../src/tui/store/store.ts";
import { Client } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { fresh, NOON } from "../tui-app/support/states.ts";

const WHO = "who:lobby";
const gap: Notice = { kind: "gap", topic: WHO, from: 3, to: null, reason: "epoch" };

function coming(nick: string): Notice {
  const body = { nick, here: true };
  return {
    kind: "event",
    topic: WHO,
    offset: 1,
    epoch: "e1",
    at: NOON,
    from: "",
    body,
    superseded: 0,
  };
}

test("who isn't back a lease after the last of several restarts has gone, and nobody before", () => {
  // Never started: what happens is told by hand.
  const { session } = keep(new Client(new URL("http://127.0.0.1:9"), "websocket"));
  vi.useFakeTimers();
  try {
    let tell: (notice: Notice) => void = () => {};
    const { stats, figures, roundTrips } = session;
    const listen = (listener: typeof tell) => {
      tell = listener;
      return () => {};
    };
    const store = new Store(fresh());
    using _observing = observe({ listen, stats, figures, roundTrips, quietFor: 0 }, store);
    const here = () => currentRoom(store.get()).members.here;
    tell(coming("bob"));
    tell(coming("carol"));
    tell(gap);
    vi.advanceTimersByTime(RENEW_MS - 1);
    expect(here()).toEqual(["bob", "carol"]);
    tell(gap);
    vi.advanceTimersByTime(RENEW_MS - 1);
    tell(coming("carol"));
    expect(here()).toEqual(["bob", "carol"]);
    vi.advanceTimersByTime(1);
    expect(here()).toEqual(["carol"]);
  } finally {
    vi.useRealTimers();
  }
});
