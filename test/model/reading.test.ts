// The reading of a session without sessions, links and servers: frames in any order that a path can bring them in.
import fc from "fast-check";
import { test } from "vitest";
import { checkScripts, REPLAY } from "./support/check.ts";
import { step } from "./support/step.ts";
import { type ReadingAct, ReadingWorld, TOPICS } from "./support/reading-world.ts";

type Step = fc.AsyncCommand<object, ReadingWorld>;

const topic = fc.constantFrom(...TOPICS);
const since = fc.constantFrom("now" as const, "beginning" as const, 2);
const link = fc.nat(3);

function onLink<Parameters extends unknown[]>(
  name: string,
  parameters: { [Index in keyof Parameters]: fc.Arbitrary<Parameters[Index]> },
  run: (
    world: ReadingWorld,
    link: ReturnType<ReadingWorld["open"]>,
    ...parameters: Parameters
  ) => void,
): fc.Arbitrary<Step> {
  return step<ReadingWorld, [number, ...Parameters]>(
    name,
    [link, ...parameters] as never,
    (world, number, ...rest) => {
      const found = world.link(number);
      if (found) run(world, found, ...rest);
    },
  );
}

const INSIDE: Record<string, ReadingAct> = {
  unsubscribe: (world, name) => world.unsubscribe(name),
  "resubscribe-now": (world, name) => (world.unsubscribe(name), world.subscribe(name, "now")),
  "resubscribe-beginning": (world, name) => (
    world.unsubscribe(name),
    world.subscribe(name, "beginning")
  ),
};

const STEPS: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  {
    weight: 4,
    arbitrary: step("Subscribe", [topic, since], (world: ReadingWorld, ...wish) =>
      world.subscribe(...wish),
    ),
  },
  {
    weight: 1,
    arbitrary: step("Unsubscribe", [topic], (world: ReadingWorld, name) => world.unsubscribe(name)),
  },
  {
    weight: 4,
    arbitrary: step(
      "Publish",
      [topic, fc.integer({ min: 1, max: 5 })],
      (world: ReadingWorld, ...what) => world.publish(...what),
    ),
  },
  { weight: 1, arbitrary: step("Trim", [topic], (world: ReadingWorld, name) => world.trim(name)) },
  { weight: 1, arbitrary: step("Lose", [topic], (world: ReadingWorld, name) => world.lose(name)) },
  {
    weight: 2,
    arbitrary: step(
      "Inside",
      [
        fc.constantFrom("event", "event", "topic", "gap"),
        topic,
        fc.constantFrom(...Object.keys(INSIDE)),
      ],
      (world: ReadingWorld, on, name, act) => world.arm(on, name, INSIDE[act]!),
    ),
  },
  { weight: 4, arbitrary: step("Open", [], (world: ReadingWorld) => void world.open()) },
  { weight: 5, arbitrary: onLink("Serve", [], (world, one) => world.serve(one)) },
  {
    weight: 6,
    arbitrary: onLink("Bring", [fc.integer({ min: 1, max: 6 })], (world, one, count) =>
      world.bring(one, count),
    ),
  },
  { weight: 3, arbitrary: onLink("AskAgain", [], (world, one) => world.askAgain(one)) },
  {
    weight: 2,
    arbitrary: onLink("Spoil", [fc.constantFrom("drop", "repeat", "reorder")], (world, one, how) =>
      world.spoil(one, how),
    ),
  },
];

test(
  "whatever links bring in whatever order, each subscription sees exactly its log",
  { timeout: 300_000 },
  async () => {
    const scripts = fc.commands([fc.oneof(...STEPS)], { maxCommands: 60, size: "max", ...REPLAY });
    await checkScripts(
      scripts,
      async (script, count) => {
        const world = new ReadingWorld();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), script);
        world.settle();
        for (const [kind, times] of world.told) count(`${kind}s`, times);
      },
      { file: "test/model/reading.test.ts", runs: 40_000, ms: 15_000, shrinkMs: 20_000 },
    );
  },
);
