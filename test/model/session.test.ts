// Real sessions and the real hub, with links between them that fail in every way, under a clock that is advanced by hand.
import fc from "fast-check";
import { afterEach, beforeEach, test, vi } from "vitest";
import { checkScripts, REPLAY } from "./support/check.ts";
import { any, commonSteps, emptyModel, harm, settle, type Step } from "./support/commands.ts";
import { LoopWorld } from "./support/loop-world.ts";
import { countAll } from "./support/world.ts";

const steps: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  ...commonSteps(45),
  { weight: 5, arbitrary: harm("drop-event", "repeat-events", "reorder-events", "lose-answer") },
  {
    weight: 2,
    arbitrary: any(
      "Restart",
      [fc.constantFrom("stop" as const, "kill" as const, "lose" as const)],
      (world, how) => world.restart(how),
    ),
  },
];

beforeEach(() => {
  vi.useFakeTimers();
  // Listeners throw here on purpose, thousands of times.
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test(
  "each session sees exactly the log, whatever is published, cut, swapped, lost, repeated, trimmed and thrown",
  { timeout: 600_000 },
  async () => {
    const scripts = fc.commands([fc.oneof(...steps)], { maxCommands: 60, size: "max", ...REPLAY });
    await checkScripts(
      scripts,
      async (script, count) => {
        const world = await LoopWorld.start();
        try {
          await fc.asyncModelRun(() => ({ model: emptyModel(), real: world }), script);
          await settle(world);
        } finally {
          for (const { path } of world.seats) await path.heal();
          countAll(world, count);
          await world.end();
        }
      },
      { file: "test/model/session.test.ts", runs: 2_000, ms: 30_000, shrinkMs: 30_000 },
    );
  },
);
