import type { TransportName } from "../../../src/transports/transport.ts";
import type { SessionOptions } from "../../../src/client/session.ts";
import type { Since } from "../../../src/protocol/cursor.ts";
import { Actor } from "./actor.ts";
import { type LogView, Violation } from "./stay.ts";

/** An event as its log has it, trimmed or not. */
export interface Kept {
  readonly offset: number;
  readonly text: string;
  readonly from: string;
}

export type Outage = "stop" | "kill" | "lose";

/** The path from a seat to the server. */
export interface Path {
  /** What a session that is opened here is made of. */
  options(): Pick<SessionOptions, "wire" | "transports">;
  freeze(): void;
  /** Nothing is wrong with the path any more. */
  heal(): void | Promise<void>;
  /** Ends all links; new ones are made. */
  cut(how: "rst" | "fin"): void;
  /** Something else goes wrong; once. */
  harm(fault: string): void;
}

/** Everything that is under test: a server, paths to it, and who sits at their ends. */
export interface World {
  readonly seats: readonly Seat[];
  /** What commands know a topic as, as the server does. */
  topic(letter: string): string;
  look(topic: string, epoch?: string): LogView;
  /** All that was ever in a log, in order. */
  kept(topic: string, epoch: string): readonly Kept[];
  /** The epochs that a log has had. */
  epochs(topic: string): readonly string[];
  /** Publish some texts without a session. Resolves when they are acknowledged. */
  elsewhere(topic: string, texts: readonly string[], twice: boolean): Promise<void>;
  /** The server is stopped, or killed; or stopped, and its store is lost. */
  down(how: Outage): Promise<void>;
  /** The server is started again, if it isn't there. */
  up(): Promise<void>;
  /** Let things happen. */
  pass(ms: number): Promise<void>;
  /** Resolves when the condition holds; rejects when that takes too long. */
  until(what: () => string, condition: () => boolean): Promise<void>;
}

/** Where a session may sit. */
export class Seat {
  readonly number: number;
  readonly path: Path;
  readonly #world: World;
  actor: Actor | undefined;
  /** Those that have left: what they published is still to be looked for. */
  readonly gone: Actor[] = [];
  #actors = 0;

  constructor(number: number, path: Path, world: World) {
    this.number = number;
    this.path = path;
    this.#world = world;
  }

  open(transport: TransportName, topics: Readonly<Record<string, Since>>): Actor {
    const look = (topic: string, epoch?: string) => this.#world.look(topic, epoch);
    const name = `n${this.number}i${++this.#actors}`;
    const actor = new Actor(name, this.path.options(), transport, topics, look);
    this.actor = actor;
    return actor;
  }

  close(): void {
    if (!this.actor) return;
    void this.actor.close();
    this.gone.push(this.actor);
    this.actor = undefined;
  }

  get all(): readonly Actor[] {
    return this.actor ? [...this.gone, this.actor] : this.gone;
  }
}

/** Everybody catches up with everything; then all is compared. */
export async function checkAll(world: World): Promise<void> {
  const { seats } = world;
  for (const seat of seats) {
    await seat.path.heal();
    seat.actor?.speedUp();
  }
  const lagging = () =>
    seats.flatMap(({ actor }) => (actor && !actor.settled ? [String(actor)] : []));
  const fault = () => seats.flatMap(({ all }) => all).find((actor) => actor.fault)?.fault;
  await world.until(
    () => `not caught up: ${lagging().join("; ")}`,
    () => fault() !== undefined || lagging().length === 0,
  );
  throwFault(world);
  for (const actor of seats.flatMap(({ all }) => all)) compare(actor, world);
}

/** What the sessions of a world have been through, for those who read how much a model has seen. */
export function countAll({ seats }: World, count: (what: string, more?: number) => void): void {
  for (const { session, heard, gaps } of seats.flatMap(({ all }) => all)) {
    const { duplicatesDropped, swaps, reconnects } = session.stats;
    count("sessions");
    count("events", heard.length);
    count("gaps", gaps);
    count("duplicates dropped", duplicatesDropped);
    count("swaps", swaps);
    count("reconnects", reconnects);
  }
}

/** @throws what a session did that it may not */
export function throwFault({ seats }: World): void {
  for (const actor of seats.flatMap(({ all }) => all)) if (actor.fault) throw actor.fault;
}

function compare(actor: Actor, world: World): void {
  for (const topic of new Set(actor.published.map((publish) => publish.topic))) {
    for (const epoch of world.epochs(topic)) comparePublished(actor, topic, epoch, world);
  }
  for (const { topic, epoch, offset, text, from } of actor.heard) {
    const kept = world.kept(topic, epoch)[offset - 1];
    if (kept?.text !== text || kept.from !== from)
      throw new Violation(`${actor.name} heard ${offset} of ${topic} as ${text} of ${from}`);
  }
}

// Acknowledged: there, once, where the ack says. Not: at most once. All of it in the order in which it was published.
function comparePublished(actor: Actor, topic: string, epoch: string, world: World): void {
  const kept = world.kept(topic, epoch);
  let last = 0;
  for (const { text, acked, topic: to } of actor.published) {
    if (to !== topic) continue;
    const places = kept.filter((entry) => entry.text === text);
    const where = places.map(({ offset }) => offset).join(", ") || "nowhere";
    const wrong = (what: string) =>
      new Violation(`${text} of ${topic} is kept at ${where}: ${what}`);
    if (places.length > 1) throw wrong("more than once");
    const [place] = places;
    if (acked?.epoch === epoch && !place) throw wrong(`it was acknowledged at ${acked.offset}`);
    if (!place) continue;
    if (acked?.epoch === epoch && acked.offset !== null && acked.offset !== place.offset)
      throw wrong(`it was acknowledged at ${acked.offset}`);
    if (
      acked?.epoch === epoch &&
      acked.offset === null &&
      place.offset > world.look(topic, epoch).floor
    )
      throw wrong("it was acknowledged as trimmed");
    if (place.offset <= last) throw wrong(`what was published before it is at ${last}`);
    if (!actor.nicks.has(place.from)) throw wrong(`from ${place.from}`);
    last = place.offset;
  }
}
