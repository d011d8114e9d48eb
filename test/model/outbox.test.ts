// What is published and a store's numbering of it, without links: batches and answers that come late, twice or never.
import fc from "fast-check";
import { test } from "vitest";
import { checkScripts, REPLAY } from "./support/check.ts";
import { OutboxWorld } from "./support/outbox-world.ts";
import { step } from "./support/step.ts";

const STEPS = [
  {
    weight: 4,
    arbitrary: step(
      "Add",
      [fc.integer({ min: 1, max: 6 }), fc.constantFrom(false, false, false, true)],
      (world: OutboxWorld, ...what) => world.add(...what),
    ),
  },
  { weight: 5, arbitrary: step("Send", [], (world: OutboxWorld) => world.send()) },
  {
    weight: 5,
    arbitrary: step(
      "Arrive",
      [
        fc.nat(5),
        fc.constantFrom(
          "once" as const,
          "once" as const,
          "twice" as const,
          "unwritable" as const,
          "crash" as const,
        ),
      ],
      (world: OutboxWorld, ...how) => world.arrive(...how),
    ),
  },
  { weight: 5, arbitrary: step("Hear", [], (world: OutboxWorld) => world.hear()) },
  { weight: 2, arbitrary: step("NewLink", [], (world: OutboxWorld) => world.newLink()) },
  { weight: 1, arbitrary: step("Lose", [], (world: OutboxWorld) => world.lose()) },
];

// socket.io#5334: retries made duplicates.
test(
  "what is acknowledged is in the log once and in order, whatever becomes of batches and answers",
  { timeout: 300_000 },
  async () => {
    const scripts = fc.commands([fc.oneof(...STEPS)], { maxCommands: 60, size: "max", ...REPLAY });
    await checkScripts(
      scripts,
      async (script) => {
        const world = new OutboxWorld();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), script);
        await world.settle();
      },
      { file: "test/model/outbox.test.ts", runs: 20_000, ms: 15_000, shrinkMs: 20_000 },
    );
  },
);
