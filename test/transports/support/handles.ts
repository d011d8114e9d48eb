import { eventually } from "../../client/support/wait.ts";

/** What keeps this process alive: sockets, timers, servers. */
export function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|TLS|Timeout|Immediate|Pipe/.test(name))
    .toSorted();
}

/** Waits until no more is open than was. */
export async function nothingMoreThan(before: readonly string[]): Promise<void> {
  try {
    await eventually("handles being released", () => openHandles().length <= before.length);
  } catch (cause) {
    throw new Error(`open before: ${before.join(" ")}; now: ${openHandles().join(" ")}`, { cause });
  }
}
