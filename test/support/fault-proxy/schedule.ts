import { setTimeout as sleep } from "node:timers/promises";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Direction, Fault, FaultKind, Scope } from "./fault.ts";
import type { FaultProxy } from "./proxy.ts";

/** One thing that goes wrong, and for how long. */
export interface Step {
  /** ms after the step before has ended. */
  readonly pause: number;
  readonly fault: Fault;
  readonly scope: Scope;
  /** ms until it is healed */
  readonly lasts: number;
}

export interface ScheduleOptions {
  /** ms between the end of one fault and the next, at most. */
  readonly pause: number;
  /** ms that a fault lasts, at most. */
  readonly lasts: number;
}

const DIRECTIONS = ["up", "down"] as const;
const WAYS = [...DIRECTIONS, "both"] as const;
const PATHS = [
  "/v1/publish",
  "/v1/websocket",
  "/v1/sse",
  "/v1/long-polling",
  "/v1/polling",
  "/v1/",
];

/** The endless schedule of a seed: the same seed gives the same steps. */
export function* schedule(seed: number, { pause, lasts }: ScheduleOptions): Generator<Step> {
  const generator = xoroshiro128plus(seed);
  const below = (limit: number) => uniformInt(generator, 0, limit - 1);
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  // Connections end more often than anything else happens to them.
  const kinds = [...(Object.keys(MAKE) as FaultKind[]), "cut", "cut", "stall"] as const;
  for (;;) {
    const fault = MAKE[one(kinds)](below, one);
    const onRequest =
      fault.kind === "answer" || fault.kind === "lose-response" || fault.kind === "repeat";
    const scope: Scope = onRequest
      ? { path: one(PATHS), times: 1 + below(20) }
      : { on: one(["open", "new", "all"]) };
    yield { pause: below(pause), fault, scope, lasts: below(lasts) };
  }
}

type Below = (limit: number) => number;
type One = <Item>(items: readonly Item[]) => Item;

const MAKE: Record<FaultKind, (below: Below, one: One) => Fault> = {
  cut: (below, one) => ({
    kind: "cut",
    how: one(["fin", "rst"]),
    direction: one<Direction>(DIRECTIONS),
    after: one([0, below(400), below(20_000)]),
  }),
  stall: (below, one) => ({ kind: "stall", direction: one(WAYS), after: one([0, below(2_000)]) }),
  slow: (below, one) => ({ kind: "slow", direction: one(WAYS), rate: 200 + below(20_000) }),
  delay: (below, one) => ({
    kind: "delay",
    direction: one(WAYS),
    ms: below(200),
    jitter: below(300),
  }),
  refuse: () => ({ kind: "refuse" }),
  silent: () => ({ kind: "silent" }),
  answer: (_below, one) => ({ kind: "answer", status: one([502, 503, 504]) }),
  "lose-response": () => ({ kind: "lose-response" }),
  repeat: () => ({ kind: "repeat" }),
};

/** Do what the steps say, one after the other, until they end or the signal comes; everything is healed then. */
export async function play(
  proxy: FaultProxy,
  steps: Iterable<Step>,
  signal: AbortSignal,
  tell: (step: Step) => void = () => {},
): Promise<void> {
  const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  for (const step of steps) {
    await wait(step.pause);
    if (signal.aborted) break;
    tell(step);
    await proxy.inject(step.fault, step.scope);
    await wait(step.lasts);
    await proxy.heal();
  }
  await proxy.heal();
}
