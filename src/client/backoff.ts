const FIRST_MS = 500;
const MAX_MS = 20_000;
/** No server is believed that asks for more than this; a timer of some weeks would fire at once. */
const MAX_FLOOR_MS = 5 * 60_000;

/**
 * How long to wait before the next try: exponential from 0.5 to 20 s with full jitter, never below the server's floor.
 * @param attempt tries since the link was last good, from 0
 * @param floor ms; kept within 0 and 5 minutes
 * @param random 0 to 1 @default Math.random
 */
export function backoff(
  attempt: number,
  floor: number,
  random: () => number = Math.random,
): number {
  const least = Math.min(MAX_FLOOR_MS, Math.max(0, floor));
  return least + random() * Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
}
