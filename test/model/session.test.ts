// Real sessions and the real hub, with links between them that fail in every way, under a clock that is advanced by hand.
import fc from "fast-check";
import { afterEach, beforeEach, test, vi } from "vitest";
import { checkScripts, REPLAY } from "./support/check.ts";
import { emptyModel, type Step } from "./support/command.ts";
import { commonSteps, harm, outages, settle } from "./support/commands.ts";
import { LoopWorld } from "./support/loop-world.ts";
import { countAll } from "./support/world.ts";

const steps: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  ...commonSteps(45),
  { weight: 5, arbitrary: harm("drop-event", "repeat-events", "reorder-events", "lose-answer") },
  ...outages("stop", "kill", "lose"),
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
  { timeout: 300_000 },
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
