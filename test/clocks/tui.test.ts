// What the terminal shows while the clocks of a server, or of this machine, are set (nchan#469).
import { afterEach, expect, test, vi } from "vitest";
import { QUIET_MS } from "../../src/tui/store/members.ts";
import { Store } from "../../src/tui/store/store.ts";
import { currentRoom } from "../../src/tui/store/state.ts";
import { tickerFeed } from "../../src/tui/store/ticker-feed.ts";
import { after, event, fresh, messages, NOON } from "../tui-app/support/states.ts";
import { DAY, HOUR } from "./support.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("messages stand in the order of the log, whatever their times say", () => {
  const times = [NOON, NOON - HOUR, NOON + DAY, NOON + 1, NOON - DAY];
  const live = times.slice(2).map((at, index) => event(index + 3, { at }));
  const older = times.slice(0, 2).map((at, index) => {
    return {
      epoch: "e1",
      offset: index + 1,
      at,
      from: "bob",
      text: `text ${index + 1}`,
      me: false,
    };
  });
  const page = { epoch: "e1", first: 1, messages: older, more: false };
  const state = after(fresh(), ...live, { kind: "past", topic: "room:lobby", page });
  expect(messages(currentRoom(state)).map(({ at, text }) => [text, at])).toEqual(
    times.map((at, index) => [`text ${index + 1}`, at]),
  );
});

test.each([-HOUR, DAY])(
  "rates of prices are those of the last second, with the clock set by %i ms",
  (by) => {
    vi.useFakeTimers({ now: NOON });
    const store = new Store(fresh());
    using feed = tickerFeed(store);
    let offset = 0;
    const second = () => {
      for (let tick = 0; tick < 20; tick++) {
        feed.takes({
          kind: "event",
          topic: "feed:market",
          offset: ++offset,
          epoch: "e1",
          at: NOON,
          from: "",
          body: { symbol: "ACME", price: offset },
          key: "ACME",
          superseded: 0,
        });
        vi.advanceTimersByTime(50);
      }
      return store.get().ticker.received;
    };
    const before = second();
    expect(before).toBeGreaterThan(10);
    vi.setSystemTime(NOON + by);
    for (let turn = 0; turn < 5; turn++) {
      const rate = second();
      expect(rate).toBeGreaterThan(10);
      expect(rate).toBeLessThanOrEqual(20);
    }
    vi.advanceTimersByTime(3_000);
    expect(store.get().ticker).toMatchObject({ received: 0, painted: 0 });
    expect(vi.getTimerCount()).toBe(0);
  },
);

test("whoever comes is told, though the clock was set back since the link came", () => {
  const live = { kind: "live", transport: "websocket", now: NOON } as const;
  const comes = (nick: string, now: number) =>
    ({ kind: "presence", topic: "who:lobby", nick, here: true, now }) as const;
  const lines = (now: number) =>
    currentRoom(after(fresh(), live, comes("bob", now))).entries.filter(
      ({ kind }) => kind === "line",
    );
  expect(lines(NOON + 1)).toHaveLength(0);
  expect(lines(NOON + QUIET_MS)).toHaveLength(1);
  expect(lines(NOON - HOUR)).toHaveLength(1);
});
