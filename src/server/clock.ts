/**
 * The server's clock: ms since 1970, whole. Times in events and pongs come from here. Nothing is decided by it: order comes
 * from offsets, waits from timers.
 */
export function now(): number {
  return Date.now();
}

/** For leases and silence: ms that only go forward, whatever happens to the wall clock. */
export function uptime(): number {
  return performance.now();
}
