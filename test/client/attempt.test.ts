// Exact times: a link whose frames come when the test says, and a clock that goes on when it says.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Attempt } from "../../src/client/attempt.ts";
import type { ServerFrame } from "../../src/protocol/frames.ts";
import { Inbox } from "../../src/transports/shared/client/inbox.ts";
import type { ClientTransport, LinkError, Wire } from "../../src/transports/transport.ts";

const HEARTBEAT: ServerFrame = { kind: "heartbeat" };
const EVENT: ServerFrame = {
  kind: "event",
  n: 1,
  offset: 1,
  at: 0,
  body: {},
  from: "",
  superseded: 0,
};
const SYNCED: ServerFrame = { kind: "synced", cursor: "" };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function open() {
  const inbox = new Inbox();
  let room: Promise<void> | undefined;
  const transport: ClientTransport = {
    name: "sse",
    open: async () => ({
      frames: inbox,
      send: async () => {},
      [Symbol.asyncDispose]: async () => inbox.discard(),
    }),
  };
  const ended: LinkError[] = [];
  const hello = () => ({ topics: new Map() });
  const request = { wire: {} as Wire, pollInterval: { min: 1, max: 1 } };
  const attempt = new Attempt(
    transport,
    request,
    { number: 1, subscriptions: new Map(), nick: undefined, hello },
    {
      receive: (self, frames) => {
        if (frames.some(({ kind }) => kind === "synced")) self.synced(2_000);
      },
      room: () => room,
      ended: (_, error) => void ended.push(error),
    },
  );
  await vi.advanceTimersByTimeAsync(0);
  const say = async (...frames: ServerFrame[]) => {
    void inbox.put(frames);
    await vi.advanceTimersByTimeAsync(0);
  };
  const pause = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    room = promise;
    return () => {
      room = undefined;
      resolve();
    };
  };
  const readily = () => void (room = Promise.resolve());
  return { attempt, say, pause, readily, ended };
}

describe("silence", () => {
  test("ends a link that brings nothing within 10 s, whatever signs of life it shows", async () => {
    const { say, ended } = await open();
    for (let second = 1; second < 10; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      await say(HEARTBEAT);
    }
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ended).toMatchObject([
      { failure: "silent", message: expect.stringContaining("for 10 s") },
    ]);
  });

  test("ends such a link also where a reader could ask it to wait", async () => {
    const { say, readily, ended } = await open();
    readily();
    for (let second = 1; second <= 10; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      await say(HEARTBEAT);
    }
    expect(ended).toMatchObject([{ failure: "silent" }]);
  });

  test("isn't broken by answers to what was posted beside the link", async () => {
    const { attempt, say, ended } = await open();
    await say(SYNCED);
    for (let tick = 1; tick <= 4; tick++) {
      await vi.advanceTimersByTimeAsync(499);
      await say({ kind: "clock", id: tick, time: 0 });
    }
    expect(attempt.quietFor).toBe(4 * 499);
    await vi.advanceTimersByTimeAsync(4);
    expect(ended).toMatchObject([{ failure: "silent", message: "nothing came for 2 s" }]);
  });

  test("doesn't end a replay, however long it takes", async () => {
    const { say, ended } = await open();
    for (let second = 1; second < 60; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      await say(EVENT);
    }
    expect(ended).toEqual([]);
  });

  test("ends a synced link after what it promised, and not before", async () => {
    const { say, ended } = await open();
    await say(SYNCED);
    await vi.advanceTimersByTimeAsync(1_999);
    await say();
    await vi.advanceTimersByTimeAsync(1_999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toMatchObject([{ failure: "silent", message: "nothing came for 2 s" }]);
  });

  test("isn't what a slow reader makes", async () => {
    const { say, pause, ended } = await open();
    await say(SYNCED);
    const go = pause();
    await say(EVENT);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).toEqual([]);
    go();
    await vi.advanceTimersByTimeAsync(1_999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveLength(1);
  });

  test("isn't what a process hears that was held up: it has a moment to read what has come", async () => {
    const { say, ended } = await open();
    await say(SYNCED);
    const clock = performance.now.bind(performance);
    // The timer comes 700 ms late.
    vi.spyOn(performance, "now").mockImplementation(() => clock() + 700);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(699);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toHaveLength(1);
    vi.restoreAllMocks();
  });
});

describe("an attempt", () => {
  test("that is dropped says nothing, also while its reader takes nothing", async () => {
    const { attempt, say, pause, ended } = await open();
    pause();
    await say(SYNCED);
    attempt.drop();
    await attempt.finished;
    expect(ended).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that leaves has so long for its last word", async () => {
    const { attempt, say, ended } = await open();
    await say(SYNCED);
    attempt.leave();
    await attempt.finished;
    expect(ended).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("has been good from being synced to the last thing that came", async () => {
    const { attempt, say } = await open();
    await vi.advanceTimersByTimeAsync(500);
    expect(attempt.goodFor).toBe(0);
    await say(SYNCED);
    await vi.advanceTimersByTimeAsync(1_500);
    await say(HEARTBEAT);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(attempt.goodFor).toBe(1_500);
  });
});
