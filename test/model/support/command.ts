import fc from "fast-check";
import type { Actor } from "./actor.ts";
import { throwFault, type Seat, type World } from "./world.ts";

/** What the commands know: who sits where, and what is being done to them. */
export interface Model {
  readonly open: boolean[];
  readonly frozen: boolean[];
  /** Whether there is a server. */
  up: boolean;
}

export type Step = fc.AsyncCommand<Model, World>;

export const SEATS = 3;
const seat = fc.nat(SEATS - 1);

/** At the beginning nobody has come. */
export function emptyModel(): Model {
  const nowhere = () => Array.from({ length: SEATS }, () => false);
  return { open: nowhere(), frozen: nowhere(), up: true };
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
export function by<Parameters extends unknown[]>(
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
export function at<Parameters extends unknown[]>(
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

/** A command of nobody, to a server that is there. */
export function any<Parameters extends unknown[]>(
  name: string,
  parameters: { [Index in keyof Parameters]: fc.Arbitrary<Parameters[Index]> },
  run: (world: World, model: Model, ...parameters: Parameters) => unknown,
  check = ({ up }: Readonly<Model>) => up,
): fc.Arbitrary<Step> {
  return fc.tuple(...parameters).map((values) => {
    const act = (world: World, model: Model) => run(world, model, ...(values as Parameters));
    return new Command(name, values, check, act);
  });
}
