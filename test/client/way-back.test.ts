import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Overtaken } from "../../src/client/swap.ts";
import { WayBack } from "../../src/client/way-back.ts";
import { LinkError } from "../../src/transports/transport.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => {
  vi.useFakeTimers();
  // All of the jitter.
  vi.spyOn(Math, "random").mockReturnValue(1);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The way back to a transport that nothing is held against; whatever comes out of its tries. */
function wayBack(outcome: () => Promise<unknown>) {
  const triedAt: number[] = [];
  const way = new WayBack({
    better: () => ({ transport: "websocket", ms: 0 }),
    open: () => {
      triedAt.push(performance.now());
      return outcome();
    },
  });
  const began = performance.now();
  way.look();
  /** The seconds between the tries. */
  const waits = () =>
    triedAt.map((at, index) => Math.round((at - (triedAt[index - 1] ?? began)) / 100) / 10);
  return { way, waits };
}

const unreachable = () => Promise.reject(new LinkError("unreachable", "test"));

test("a better transport that can't be opened is tried later and later", async () => {
  const { waits } = wayBack(unreachable);
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  expect(waits()).toEqual([5, 5.5, 6, 7, 9, 13, 21, 25, 25]);
});

test("a server that says when to come again isn't asked before, whatever else happens meanwhile", async () => {
  const full = new LinkError("refused", "test", { after: MINUTE });
  const { way, waits } = wayBack(() => Promise.reject(full));
  await vi.advanceTimersByTimeAsync(20 * SECOND);
  // Another link is in use now.
  way.stop();
  way.look();
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(waits()).toEqual([5, 65.5]);
});

test("a try that another wish took the place of says nothing against the next", async () => {
  const { waits } = wayBack(() => Promise.reject(new Overtaken()));
  await vi.advanceTimersByTimeAsync(21 * SECOND);
  expect(waits()).toEqual([5, 5, 5, 5]);
});

test("after one that was done the waits begin anew", async () => {
  let tries = 0;
  const { waits } = wayBack(() => (++tries === 4 ? Promise.resolve() : unreachable()));
  await vi.advanceTimersByTimeAsync(35 * SECOND);
  expect(waits()).toEqual([5, 5.5, 6, 7, 5, 5.5]);
});
