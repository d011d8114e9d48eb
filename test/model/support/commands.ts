import fc from "fast-check";
import { TRANSPORTS } from "../../../src/transports/transport.ts";
import type { Actor, Inside } from "./actor.ts";
import { checkAll, throwFault, type Seat, type World } from "./world.ts";

/** What the commands know: who sits where, and what is being done to them. */
export interface Model {
  readonly open: boolean[];
  readonly frozen: boolean[];
}

export type Step = fc.AsyncCommand<Model, World>;

export const SEATS = 3;
const seat = fc.nat(SEATS - 1);
const letter = fc.constantFrom("a", "b");
const transport = fc.constantFrom(...TRANSPORTS);
const since = fc.constantFrom("now" as const, "beginning" as const, 3);

/** At the beginning nobody has come. */
export function emptyModel(): Model {
  const nowhere = () => Array.from({ length: SEATS }, () => false);
  return { open: nowhere(), frozen: nowhere() };
}

class Command implements Step {
  readonly #script: string;
  readonly #check: (model: Readonly<Model>) => boolean;
  readonly #run: (world: World, model: Model) => unknown;

  constructor(
    name: string,
    parameters: readonly unknown[],
    check: (model: Readonly<Model>) => boolean,
    run: (world: World, model: Model) => unknown,
  ) {
    this.#script = `${name}(${parameters.join(" ")})`;
    this.#check = check;
    this.#run = run;
  }

  check(model: Readonly<Model>): boolean {
    return this.#check(model);
  }

  async run(model: Model, world: World): Promise<void> {
    throwFault(world);
    await this.#run(world, model);
    throwFault(world);
  }

  toString(): string {
    return this.#script;
  }
}

/** A command of somebody who is there. */
function by<Parameters extends unknown[]>(
  name: string,
  parameters: { [Index in keyof Parameters]: fc.Arbitrary<Parameters[Index]> },
  run: (actor: Actor, world: World, ...parameters: Parameters) => unknown,
): fc.Arbitrary<Step> {
  return fc.tuple(seat, ...parameters).map(([number, ...rest]) => {
    const values = rest as Parameters;
    const act = (world: World) => run(world.seats[number]!.actor!, world, ...values);
    return new Command(name, [`s${number}`, ...rest], ({ open }) => open[number]!, act);
  });
}

/** A command of a seat, whoever sits there. */
function at<Parameters extends unknown[]>(
  name: string,
  parameters: { [Index in keyof Parameters]: fc.Arbitrary<Parameters[Index]> },
  run: (seat: Seat, model: Model, world: World, ...parameters: Parameters) => unknown,
  check: (model: Readonly<Model>, number: number) => boolean = () => true,
): fc.Arbitrary<Step> {
  return fc.tuple(seat, ...parameters).map(([number, ...rest]) => {
    const values = rest as Parameters;
    const act = (world: World, model: Model) => run(world.seats[number]!, model, world, ...values);
    return new Command(name, [`s${number}`, ...rest], (model) => check(model, number), act);
  });
}

/** A command of nobody. */
export function any<Parameters extends unknown[]>(
  name: string,
  parameters: { [Index in keyof Parameters]: fc.Arbitrary<Parameters[Index]> },
  run: (world: World, ...parameters: Parameters) => unknown,
): fc.Arbitrary<Step> {
  return fc.tuple(...parameters).map((values) => {
    const act = (world: World) => run(world, ...(values as Parameters));
    return new Command(name, values, () => true, act);
  });
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
  // centrifuge-js#392: this wedged the client, which went on saying that it was connected.
  throw() {
    throw new Error("a reader that throws");
  },
  publish: (actor, topic) => actor.publish(topic, 2),
  swap: (actor) => actor.swap("sse"),
  "swap-twice": (actor) => (actor.swap("polling"), actor.swap("websocket")),
} satisfies Record<string, Inside>;

type InsideName = keyof typeof INSIDE;

function again(actor: Actor, topic: string, from: "now" | "beginning"): void {
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
        (world, one, count, how) =>
          world.elsewhere(topicOf(world, one), textsOf(count), how === "twice"),
      ),
    },
    {
      weight: 2,
      arbitrary: any("Flood", [letter], (world, one) =>
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
      arbitrary: any("Pass", [fc.constantFrom(0, 1, 5, 20, 60)], (world, ms) => world.pass(ms)),
    },
    {
      weight: 1,
      arbitrary: fc.constant(null).map(
        () =>
          new Command(
            "Check",
            [],
            () => true,
            async (world, model) => {
              model.frozen.fill(false);
              await settle(world);
            },
          ),
      ),
    },
  ];
}

/** Everybody catches up, also with one more event of each topic: it tells what was missed before. */
export async function settle(world: World): Promise<void> {
  for (const { path } of world.seats) await path.heal();
  for (const one of ["a", "b"]) await world.elsewhere(world.topic(one), textsOf(1), false);
  await checkAll(world);
}
