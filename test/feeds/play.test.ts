import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { play } from "../../src/server/feeds/play.ts";
import type { Moment, Tick } from "../../src/server/feeds/tick.ts";

const tick = (price: number): Tick => ({ symbol: "A", price, change: 0 });

function* every(ms: number): Generator<Moment, never> {
  for (let index = 0; ; index += 1) yield { at: index * ms, ticks: [tick(index + 1)] };
}

interface Player {
  readonly batches: number[][];
  readonly done: Promise<void>;
  readonly stop: () => void;
}

function start(moments: Iterable<Moment>): Player {
  const batches: number[][] = [];
  const controller = new AbortController();
  const done = play(
    moments,
    (ticks) => batches.push(ticks.map(({ price }) => price)),
    controller.signal,
  );
  return { batches, done, stop: () => controller.abort() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("playing moments", () => {
  it("emits each at its time, from one timer", async () => {
    const { batches, done, stop } = start(every(100));
    expect(batches).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(99);
    expect(batches).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([[1], [2]]);
    expect(vi.getTimerCount()).toBe(1);
    stop();
    await done;
  });

  it("emits together what is due together, in order", async () => {
    const { batches, done, stop } = start(every(0.25));
    await vi.advanceTimersByTimeAsync(2);
    expect(batches).toEqual([[1], [2, 3, 4, 5], [6, 7, 8, 9]]);
    stop();
    await done;
  });

  it("doesn't drift: what one wake is late, the next makes up", async () => {
    const { batches, done, stop } = start(every(2.5));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches.flat()).toHaveLength(401);
    stop();
    await done;
  });

  it("ends on abort, leaves no timer and emits no more", async () => {
    const { batches, done, stop } = start(every(100));
    stop();
    await done;
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches).toEqual([[1]]);
  });

  it("emits nothing when it is aborted before it starts", async () => {
    const batches: unknown[] = [];
    await play(every(100), (ticks) => batches.push(ticks), AbortSignal.abort());
    expect(batches).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends when it is aborted by what it emits to", async () => {
    const controller = new AbortController();
    await play(every(100), () => controller.abort(), controller.signal);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends after the last moment", async () => {
    const { batches, done } = start([
      { at: 0, ticks: [tick(1)] },
      { at: 50, ticks: [tick(2), tick(3)] },
    ]);
    await vi.advanceTimersByTimeAsync(50);
    await done;
    expect(batches).toEqual([[1], [2, 3]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("passes on what the receiver throws, and leaves no timer", async () => {
    const refuse = (): void => {
      throw new Error("full");
    };
    const { signal } = new AbortController();
    await expect(play(every(100), refuse, signal)).rejects.toThrow("full");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("forgets all but a second of a long stall, and skips nothing", async () => {
    const { batches, done, stop } = start(every(100));
    // The clock jumps, as it does when the machine has slept; the timer fires once.
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(100);
    vi.mocked(performance.now).mockRestore();
    expect(batches).toEqual([[1], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]);
    stop();
    await done;
  });

  it("bounds a batch: the rest of a crowded moment waits for the next wake", async () => {
    const crowd = Array.from({ length: 2_500 }, (_, index) => ({
      at: 0,
      ticks: [tick(index + 1)],
    }));
    const { batches, done } = start(crowd);
    await vi.advanceTimersByTimeAsync(2);
    await done;
    expect(batches.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  });

  it("waits for a moment that is months away without spinning", async () => {
    const { batches, done, stop } = start([{ at: 1e10, ticks: [tick(1)] }]);
    const timeouts = vi.spyOn(globalThis, "setTimeout");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(timeouts.mock.calls.length).toBeLessThanOrEqual(10);
    expect(batches).toEqual([]);
    stop();
    await done;
  });
});
