import type { Fault, Scope } from "../support/fault-proxy/fault.ts";
import type { FaultProxy } from "../support/fault-proxy/proxy.ts";

/** A fault, given the byte up and the byte down where it may strike. */
type Strike = (up: number, down: number) => Fault;

/** Everything that a middlebox can do to a link. */
export const FAULTS = {
  "a FIN after some bytes up": (after) => ({ kind: "cut", how: "fin", direction: "up", after }),
  "a FIN after some bytes down": (_up, after) => ({
    kind: "cut",
    how: "fin",
    direction: "down",
    after,
  }),
  "a reset after some bytes up": (after) => ({ kind: "cut", how: "rst", direction: "up", after }),
  "a reset after some bytes down": (_up, after) => ({
    kind: "cut",
    how: "rst",
    direction: "down",
    after,
  }),
  "half open after some bytes": (_up, after) => ({ kind: "stall", direction: "both", after }),
  "nothing goes up": (after) => ({ kind: "stall", direction: "up", after }),
  "nothing comes down": (_up, after) => ({ kind: "stall", direction: "down", after }),
  slow: () => ({ kind: "slow", direction: "both", rate: 4_000 }),
  "delayed, more and less": () => ({ kind: "delay", direction: "both", ms: 50, jitter: 200 }),
  refused: () => ({ kind: "refuse" }),
  "accepted in silence": () => ({ kind: "silent" }),
  "answered with 502": () => ({ kind: "answer", status: 502 }),
  "answered with 503": () => ({ kind: "answer", status: 503 }),
  "answered with 504": () => ({ kind: "answer", status: 504 }),
  "the response lost": () => ({ kind: "lose-response" }),
  "the request repeated": () => ({ kind: "repeat" }),
} satisfies Record<string, Strike>;

export type FaultName = keyof typeof FAULTS;

/** How long a fault lasts once it has had its effect, in ms. */
const LASTS_MS = 1_500;

/**
 * Let a fault strike what is open and what comes.
 * @param path where a request's own fault is to strike
 * @returns heals it, once it has had its effect and has lasted for a while
 */
export async function strike(
  proxy: FaultProxy,
  fault: Fault,
  path: string,
): Promise<() => Promise<void>> {
  const before = proxy.injected.get(fault.kind) ?? 0;
  await proxy.inject(fault, scopeOf(fault, path));
  // What befalls only new connections and requests needs some.
  if (!("direction" in fault)) proxy.cut();
  return async () => {
    const end = performance.now() + 20_000;
    while ((proxy.injected.get(fault.kind) ?? 0) === before && fault.kind !== "refuse") {
      if (performance.now() > end) throw new Error(`the fault (${fault.kind}) had no effect`);
      await pause(10);
    }
    await pause(LASTS_MS);
    await proxy.heal();
  };
}

/** Which connections and requests a fault strikes: if it is one of requests, a few on this path. */
export function scopeOf({ kind }: Fault, path: string): Scope {
  return kind === "answer" || kind === "lose-response" || kind === "repeat"
    ? { path, times: 3 }
    : {};
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
