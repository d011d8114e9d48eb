import fc from "fast-check";
import type { Beginning } from "../../../src/client/reading.ts";
import { TRANSPORTS } from "../../../src/transports/transport.ts";
import type { Actor, Inside } from "./actor.ts";
import { any, at, by, type Step } from "./command.ts";
import { checkAll, type Outage, type World } from "./world.ts";

const letter = fc.constantFrom("a", "b");
const transport = fc.constantFrom(...TRANSPORTS);
const since = fc.constantFrom("now" as const, "beginning" as const, 3);

/** The server goes, and comes back at once or later. */
export function outages(...how: Outage[]): { weight: number; arbitrary: fc.Arbitrary<Step> }[] {
  const outage = fc.constantFrom(...how);
  const down = any("Down", [outage], async (world, model, one) => {
    await world.down(one);
    model.up = false;
  });
  const up = any(
    "Up",
    [],
    async (world, model) => {
      await world.up();
      model.up = true;
    },
    (model) => !model.up,
  );
  const restart = any("Restart", [outage], async (world, _model, one) => {
    await world.down(one);
    await world.up();
  });
  return [
    { weight: 1, arbitrary: down },
    { weight: 2, arbitrary: up },
    { weight: 2, arbitrary: restart },
  ];
}

/** Something goes wrong on the path of a seat. */
export function harm(...faults: string[]): fc.Arbitrary<Step> {
  return at("Harm", [fc.constantFrom(...faults)], ({ path }, _model, _world, fault) =>
    path.harm(fault),
  );
}

const INSIDE = {
  unsubscribe: (actor, topic) => actor.unsubscribe(topic),
  // centrifuge-js#425: doing this in a handler made an event come twice.
  "resubscribe-now": (actor, topic) => again(actor, topic, "now"),
  "resubscribe-beginning": (actor, topic) => again(actor, topic, "beginning"),
  "resubscribe-here"(actor, topic) {
    const last = actor.heard.findLast((event) => event.topic === topic);
    if (last) again(actor, topic, { epoch: last.epoch, offset: last.offset });
  },
  // centrifuge-js#392: this wedged the client, which went on saying that it was connected.
  throw() {
    throw new Error("a reader that throws");
  },
  publish: (actor, topic) => actor.publish(topic, 2),
  swap: (actor) => actor.swap("sse"),
  "swap-twice": (actor) => (actor.swap("polling"), actor.swap("websocket")),
} satisfies Record<string, Inside>;

type InsideName = keyof typeof INSIDE;

function again(actor: Actor, topic: string, from: Beginning): void {
  actor.unsubscribe(topic);
  actor.subscribe(topic, from);
}

const open = at(
  "Open",
  [transport, since, fc.constantFrom(["a"], ["b"], ["a", "b"])],
  (where, model, world, over, from, letters) => {
    where.open(over, Object.fromEntries(letters.map((one) => [world.topic(one), from])));
    model.open[where.number] = true;
  },
  ({ open: isOpen }, number) => !isOpen[number],
);

const close = at(
  "Close",
  [],
  (where, model) => {
    where.close();
    model.open[where.number] = false;
  },
  ({ open: isOpen }, number) => isOpen[number]!,
);

const freeze = at(
  "Freeze",
  [],
  (where, model) => {
    where.path.freeze();
    model.frozen[where.number] = true;
  },
  ({ frozen }, number) => !frozen[number],
);

const thaw = at(
  "Thaw",
  [],
  async (where, model) => {
    await where.path.heal();
    model.frozen[where.number] = false;
  },
  ({ frozen }, number) => frozen[number]!,
);

let elsewhere = 0;
const textsOf = (count: number) => Array.from({ length: count }, () => `elsewhere.${++elsewhere}`);

/** What any of it may do; `flood` events are more than the server keeps. */
export function commonSteps(flood: number): { weight: number; arbitrary: fc.Arbitrary<Step> }[] {
  const burst = fc.integer({ min: 1, max: 20 });
  const insides = fc.constantFrom(...(Object.keys(INSIDE) as InsideName[]));
  const kind = fc.constantFrom(
    "event" as const,
    "event" as const,
    "topic" as const,
    "gap" as const,
  );
  const topicOf = (world: World, one: string) => world.topic(one);
  return [
    { weight: 16, arbitrary: open },
    {
      weight: 6,
      arbitrary: by("Publish", [letter, burst], (actor, world, one, count) =>
        actor.publish(topicOf(world, one), count),
      ),
    },
    {
      weight: 5,
      arbitrary: any(
        "Elsewhere",
        [letter, burst, fc.constantFrom("once", "twice")],
        (world, _model, one, count, how) =>
          world.elsewhere(topicOf(world, one), textsOf(count), how === "twice"),
      ),
    },
    {
      weight: 2,
      arbitrary: any("Flood", [letter], (world, _model, one) =>
        world.elsewhere(topicOf(world, one), textsOf(flood), false),
      ),
    },
    { weight: 6, arbitrary: by("Swap", [transport], (actor, _world, to) => actor.swap(to)) },
    {
      weight: 2,
      arbitrary: by("SwapTwice", [transport, transport], (actor, _world, first, second) => {
        actor.swap(first);
        actor.swap(second);
      }),
    },
    {
      weight: 5,
      arbitrary: at(
        "Cut",
        [fc.constantFrom("rst" as const, "fin" as const)],
        ({ path }, _model, _world, how) => path.cut(how),
      ),
    },
    { weight: 2, arbitrary: freeze },
    { weight: 3, arbitrary: thaw },
    { weight: 2, arbitrary: by("Slow", [], (actor) => actor.slowDown()) },
    { weight: 2, arbitrary: by("Fast", [], (actor) => actor.speedUp()) },
    {
      weight: 2,
      arbitrary: by("Rename", [fc.nat(9)], (actor, _world, number) =>
        actor.rename(`${actor.name}r${number}`),
      ),
    },
    {
      weight: 3,
      arbitrary: by("Subscribe", [letter, since], (actor, world, one, from) =>
        actor.subscribe(topicOf(world, one), from),
      ),
    },
    {
      weight: 3,
      arbitrary: by("Unsubscribe", [letter], (actor, world, one) =>
        actor.unsubscribe(topicOf(world, one)),
      ),
    },
    {
      weight: 5,
      arbitrary: by("Inside", [kind, letter, insides], (actor, world, on, one, what) =>
        actor.arm(on, topicOf(world, one), INSIDE[what]),
      ),
    },
    { weight: 2, arbitrary: close },
    {
      weight: 8,
      arbitrary: any(
        "Pass",
        [fc.constantFrom(0, 1, 5, 20, 60)],
        (world, _model, ms) => world.pass(ms),
        () => true,
      ),
    },
    {
      weight: 1,
      arbitrary: any("Check", [], async (world, model) => {
        model.frozen.fill(false);
        await settle(world);
      }),
    },
  ];
}

/** Everybody catches up, also with one more event of each topic: it tells what was missed before. */
export async function settle(world: World): Promise<void> {
  await world.up();
  for (const { path } of world.seats) await path.heal();
  for (const one of ["a", "b"]) await world.elsewhere(world.topic(one), textsOf(1), false);
  await checkAll(world);
}
