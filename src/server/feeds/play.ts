import type { Moment, Tick } from "./tick.ts";

/** Beyond this a timer's delay would overflow (2^31 ms); waking early costs nothing. */
const MAX_SLEEP_MS = 60_000;
/** Time lost beyond this (the machine slept, the process stalled) is not made up for. */
const MAX_LATE_MS = 1_000;
/** What is due beyond this many ticks waits for the next wake, so that others get their turn. */
const MAX_BATCH = 1_000;

/**
 * Play moments in real time, one timer for all of them: each wake emits what has come due, in
 * order, as one batch. Nothing is skipped. What falls behind by more than a second shifts the
 * rest instead of bursting.
 *
 * Resolves when `signal` aborts or the moments end, and leaves no timer. Rejects only with what
 * `emit` throws.
 */
export async function play(
  moments: Iterable<Moment>,
  emit: (ticks: readonly Tick[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const rest = moments[Symbol.iterator]();
  let next = rest.next();
  let start = performance.now();
  while (next.done !== true && !signal.aborted) {
    const now = performance.now();
    start = Math.max(start, now - next.value.at - MAX_LATE_MS);
    const batch: Tick[] = [];
    while (next.done !== true && start + next.value.at <= now && batch.length < MAX_BATCH) {
      batch.push(...next.value.ticks);
      next = rest.next();
    }
    if (batch.length > 0) emit(batch);
    if (next.done !== true) await sleep(start + next.value.at - performance.now(), signal);
  }
}

/** Resolves after `ms` (at least 1, at most a minute) or on abort, whichever is first. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.min(Math.ceil(ms), MAX_SLEEP_MS));
    signal.addEventListener("abort", finish);
  });
}
