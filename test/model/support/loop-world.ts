import { vi } from "vitest";
import { Hub } from "../../../src/server/hub.ts";
import { Nicks } from "../../../src/server/nicks.ts";
import { MemoryStore } from "../../../src/server/store/memory.ts";
import type { Append, Outcome, Store } from "../../../src/server/store/store.ts";
import type { Wire } from "../../../src/transports/transport.ts";
import { LinkError, TRANSPORTS } from "../../../src/transports/transport.ts";
import { SEATS } from "./command.ts";
import { type Between, type Ends, sleep } from "./loop-link.ts";
import { loopTransport } from "./loop-transport.ts";
import { type LogView, Violation } from "./stay.ts";
import { type Kept, type Outage, type Path, Seat, type World } from "./world.ts";

const RETAIN = 30;
/** Of the clock that is advanced by hand. */
const PATIENCE_MS = 120_000;
const STEP_MS = 50;

/** A world without a network and with a clock of its own: the real hub, the real sessions, and links that fail in every way. */
export class LoopWorld implements World {
  readonly seats: readonly Seat[];
  readonly #faults: unknown[] = [];
  readonly #stores = [new Archive()];
  #hub: Hub | undefined;
  #elsewhere = 0;

  private constructor() {
    this.seats = Array.from({ length: SEATS }, (_, number) => {
      return new Seat(number, new LoopPath(() => this.#alive()), this);
    });
  }

  static async start(): Promise<LoopWorld> {
    const world = new LoopWorld();
    await world.up();
    return world;
  }

  topic(letter: string): string {
    return `room:${letter}`;
  }

  look(topic: string, epoch?: string): LogView {
    return this.#archive(epoch).look(topic);
  }

  kept(topic: string, epoch: string): readonly Kept[] {
    return this.#archive(epoch).kept.get(topic) ?? [];
  }

  epochs(): readonly string[] {
    return this.#stores.map(({ epoch }) => epoch);
  }

  async elsewhere(topic: string, texts: readonly string[], twice: boolean): Promise<void> {
    const producer = `elsewhere-${++this.#elsewhere}`;
    const frames = texts.map((text, index) => {
      return { kind: "publish", producer, number: index + 1, topic, body: { text } } as const;
    });
    const nobody = { nick: undefined, identity: undefined };
    const sent = [this.#alive().publish(frames, nobody)];
    if (twice) sent.push(this.#alive().publish(frames, nobody));
    const answers = (await this.#inTime(Promise.all(sent))).flat();
    if (answers.some(({ kind }) => kind !== "ack")) throw new Violation("elsewhere was refused");
    for (const text of texts) {
      const kept = this.kept(topic, this.look(topic).epoch).filter((entry) => entry.text === text);
      if (kept.length !== 1) throw new Violation(`${text} is kept ${kept.length} times`);
    }
  }

  async down(how: Outage): Promise<void> {
    const hub = this.#alive();
    if (how === "kill") for (const { path } of this.seats) path.cut("rst");
    else await this.#inTime(hub.drain());
    this.#hub = undefined;
    await this.#inTime(hub[Symbol.asyncDispose]());
    if (how === "lose") this.#stores.push(new Archive());
  }

  async up(): Promise<void> {
    if (!this.#hub) await this.#start(this.#stores.at(-1)!);
  }

  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  async until(what: () => string, condition: () => boolean): Promise<void> {
    for (let left = PATIENCE_MS; !condition(); left -= STEP_MS) {
      if (left <= 0) throw new Violation(what());
      await this.pass(0);
      if (!condition()) await this.pass(STEP_MS);
    }
  }

  async end(): Promise<void> {
    const actors = this.seats.flatMap(({ all }) => all);
    let left = actors.length;
    for (const actor of actors) void actor.close().finally(() => (left -= 1));
    await this.until(
      () => `${left} sessions don't end`,
      () => left === 0,
    );
    if (this.#hub) await this.#inTime(this.#hub[Symbol.asyncDispose]());
    if (this.#faults.length > 0)
      throw new Violation(`the server had faults: ${this.#faults.join(", ")}`);
  }

  // What takes time here takes it from a clock that has to be advanced.
  async #inTime<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    await Promise.race([
      done,
      this.until(
        () => "the server doesn't answer",
        () => settled,
      ),
    ]);
    return done;
  }

  async #start(store: Archive): Promise<void> {
    const failed = (error: unknown) => void this.#faults.push(error);
    const nicks = await Nicks.load(store, failed);
    this.#hub = new Hub({ store, nicks, heartbeat: 1_000, maxLinks: 1_000, failed });
  }

  #alive(): Hub {
    if (!this.#hub) throw new LinkError("unreachable", "no server");
    return this.#hub;
  }

  #archive(epoch?: string): Archive {
    const found = this.#stores.findLast((store) => epoch === undefined || store.epoch === epoch);
    if (!found) throw new Violation(`nobody knows the epoch ${epoch}`);
    return found;
  }
}

/** A store that remembers all that was ever in it. */
class Archive extends MemoryStore implements Store {
  readonly kept = new Map<string, Kept[]>();
  readonly #floors = new Map<string, number>();

  constructor() {
    super(RETAIN);
  }

  override async append(batch: readonly Append[]): Promise<Outcome[]> {
    const outcomes = await super.append(batch);
    for (const [index, { topic, body, from }] of batch.entries()) {
      const outcome = outcomes[index]!;
      if (outcome.kind !== "appended" || topic === null) continue;
      const kept = this.kept.get(topic) ?? [];
      this.kept.set(topic, kept);
      kept.push({ offset: outcome.offset!, text: JSON.parse(body) as string, from });
      this.#floors.set(topic, outcome.floor);
    }
    return outcomes;
  }

  look(topic: string): LogView {
    const head = this.kept.get(topic)?.length ?? 0;
    return { epoch: this.epoch, head, floor: this.#floors.get(topic) ?? 0 };
  }
}

class LoopPath implements Path {
  readonly #hub: () => Hub;
  readonly #links = new Set<AbortController>();
  #thawed: PromiseWithResolvers<void> | undefined;
  #harm: string | undefined;

  constructor(hub: () => Hub) {
    this.#hub = hub;
  }

  options() {
    const between: Between = {
      hub: this.#hub,
      travel: (link) => this.#travel(link),
      harm: (lines) => this.#spoil(lines),
      losesAnswer: () => this.#take("lose-answer"),
    };
    const transports = new Map(
      TRANSPORTS.map((name) => [name, loopTransport(name, between, this.#links)]),
    );
    return { wire: NO_WIRE, transports };
  }

  freeze(): void {
    this.#thawed ??= Promise.withResolvers();
  }

  heal(): void {
    this.#thawed?.resolve();
    this.#thawed = undefined;
    this.#harm = undefined;
  }

  cut(): void {
    for (const link of this.#links) link.abort(new LinkError("closed", "the link was cut"));
    this.#links.clear();
  }

  harm(fault: string): void {
    this.#harm = fault;
  }

  async #travel({ cut }: Ends): Promise<void> {
    await sleep(1, cut);
    while (this.#thawed) {
      const { promise, reject } = Promise.withResolvers<void>();
      const abort = () => reject(cut.reason as Error);
      cut.addEventListener("abort", abort, { once: true });
      if (cut.aborted) abort();
      await Promise.race([this.#thawed.promise, promise]).finally(() =>
        cut.removeEventListener("abort", abort),
      );
    }
    cut.throwIfAborted();
  }

  #take(fault: string): boolean {
    if (this.#harm !== fault) return false;
    this.#harm = undefined;
    return true;
  }

  #spoil(lines: string[]): string[] {
    const events = lines.filter((line) => line.startsWith("["));
    const [first, second] = events;
    if (first !== undefined && this.#take("drop-event"))
      return lines.toSpliced(lines.indexOf(first), 1);
    if (first !== undefined && this.#take("repeat-events"))
      return lines.toSpliced(lines.lastIndexOf(events.at(-1)!) + 1, 0, ...events);
    if (second !== undefined && this.#take("reorder-events"))
      return lines.toSpliced(lines.indexOf(first!), 1).toSpliced(lines.indexOf(second), 0, first!);
    return lines;
  }
}

const NO_WIRE: Wire = {
  origin: new URL("http://nowhere"),
  get pool(): never {
    throw new Error("no network here");
  },
  dial(): never {
    throw new Error("no network here");
  },
  renew() {},
  bytes: () => ({ down: 0, up: 0 }),
  async [Symbol.asyncDispose]() {},
};
