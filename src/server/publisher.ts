import { ProtocolError } from "../protocol/errors.ts";
import type { Ack, Json, Nack, Publish } from "../protocol/frames.ts";
import { packBody } from "../protocol/frames.ts";
import { LIMITS } from "../protocol/limits.ts";
import { familyOf } from "../protocol/names.ts";
import type { Publisher as Identity } from "../transports/transport.ts";
import { now } from "./clock.ts";
import { NOBODY } from "./nicks.ts";
import { type Append, type Outcome, type Refusal, type Store, StoreError } from "./store/store.ts";

/** Appends waiting for the store. Beyond it publishes are refused with `busy`, which is retryable. */
const QUEUE = 20_000;
/** Appends in one transaction. */
const GROUP = 1_024;

/** A publish that is kept now, or a feed's event that is now to be kept in memory. */
export interface Published {
  readonly append: Append;
  readonly frame: Publish;
  /** null: a feed's event */
  readonly offset: number | null;
  readonly floor: number;
}

interface Waiting {
  readonly append: Append;
  readonly frame: Publish;
  readonly resolve: (answer: Ack | Nack) => void;
}

/** Where an event is kept. */
export interface Place {
  readonly epoch: string;
  readonly offset: number | null;
}

/** What a publisher needs of the hub around it. */
export interface PublisherHost {
  /** @throws ProtocolError when the topic can't take events now */
  admit(topic: string): void;
  /** Hand what has been committed to the readers; answers the position of each. */
  committed(published: readonly Published[]): ReadonlyMap<Published, Place>;
  /** The epoch that a duplicate's ack names. */
  epochOf(topic: string): string;
  /** Told of faults. */
  failed(error: unknown): void;
}

/** Takes publishes, commits them in groups, one group at a time, and acknowledges them. */
export class Publishing {
  readonly #store: Store;
  readonly #host: PublisherHost;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** Nothing has been kept since the store failed. */
  #failing = false;

  constructor(store: Store, host: PublisherHost) {
    this.#store = store;
    this.#host = host;
  }

  /** One answer for each frame, in order. Never rejects. */
  async publish(frames: readonly Publish[], { nick = NOBODY }: Identity): Promise<(Ack | Nack)[]> {
    return Promise.all(frames.map((frame) => this.#enqueue(frame, nick)));
  }

  /** Wait until nothing is on its way to the store. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #enqueue(frame: Publish, nick: string): Promise<Ack | Nack> {
    const { producer, number, topic, body } = frame;
    const refusal = refusalOf(topic, body);
    try {
      if (this.#waiting.length >= QUEUE) {
        throw new ProtocolError("busy", "too much is waiting to be stored: try again in a moment");
      }
      if (!refusal) this.#host.admit(topic);
    } catch (error) {
      return Promise.resolve(nack(number, error));
    }
    const append: Append = {
      producer,
      number,
      topic: familyOf(topic) === "room" ? topic : null,
      at: now(),
      from: nick,
      body: JSON.stringify(packBody(body)),
      refusal,
      line: refusal ? undefined : lineOf(body),
    };
    const { promise, resolve } = Promise.withResolvers<Ack | Nack>();
    this.#waiting.push({ append, frame, resolve });
    this.#running ??= this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    // One turn later, so that what arrives together is committed together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, GROUP);
      this.#waiting = this.#waiting.slice(GROUP);
      try {
        await this.#commit(group);
      } catch (error) {
        for (const { frame, resolve } of group) resolve(nack(frame.number, error));
        this.#fault(error);
      }
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const outcomes = await this.#store.append(group.map(({ append }) => append));
    const kept = group.map(({ append, frame }, index): Published | undefined => {
      const outcome = outcomes[index]!;
      if (outcome.kind !== "appended") return undefined;
      return { append, frame, offset: outcome.offset, floor: outcome.floor };
    });
    const unkept = outcomes.find(isStorage);
    if (unkept) this.#fault(new StoreError("unwritable", unkept.refusal.message));
    else if (outcomes.some(({ kind }) => kind === "appended")) this.#failing = false;
    const places = this.#host.committed(kept.filter((published) => published !== undefined));
    for (const [index, { frame, resolve }] of group.entries()) {
      const { number, topic } = frame;
      const outcome = outcomes[index]!;
      const published = kept[index];
      if (outcome.kind === "refused") {
        resolve({ kind: "nack", number, ...outcome.refusal });
      } else {
        const place = published && places.get(published);
        const { epoch, offset } = place ?? {
          epoch: this.#host.epochOf(topic),
          offset: outcome.offset,
        };
        resolve({ kind: "ack", number, topic, epoch, offset });
      }
    }
  }

  // A full disk fails every retry: it is told once.
  #fault(error: unknown): void {
    const told = error instanceof StoreError && this.#failing;
    if (error instanceof StoreError) this.#failing = true;
    if (!told) this.#host.failed(error);
  }
}

function isStorage(outcome: Outcome): outcome is Extract<Outcome, { kind: "refused" }> {
  return outcome.kind === "refused" && outcome.refusal.code === "storage";
}

function nack(number: number, error: unknown): Nack {
  if (error instanceof ProtocolError) {
    return { kind: "nack", number, code: error.code, message: error.message };
  }
  if (error instanceof StoreError) {
    return { kind: "nack", number, code: "storage", message: error.message };
  }
  return { kind: "nack", number, code: "internal", message: "the server failed to take it" };
}

// Why a topic doesn't take a body, for good.
function refusalOf(topic: string, body: Json): Refusal | undefined {
  if (familyOf(topic) === "who" || topic === "feed:market") {
    return {
      code: "read-only",
      message: `${topic} is written by the server alone: publish to a room or a feed of your own`,
    };
  }
  if (familyOf(topic) === "feed" && keyOf(body, "key") === undefined) {
    return {
      code: "bad-body",
      message: `an event of ${topic} is an object with a key of 1 to ${LIMITS.keyLength} characters, such as {"key":"main","status":"green"}`,
    };
  }
  if (familyOf(topic) === "room" && [...(lineOf(body) ?? "")].length > LIMITS.topicLineLength) {
    return {
      code: "bad-body",
      message: `a room's topic line has at most ${LIMITS.topicLineLength} characters`,
    };
  }
  return undefined;
}

/** The key of a latest topic's event; undefined: it has none. */
export function keyOf(body: Json, field: string): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  const key = (body as { readonly [name: string]: Json })[field];
  return typeof key === "string" && key !== "" && [...key].length <= LIMITS.keyLength
    ? key
    : undefined;
}

// The topic line that a body sets, on one line whatever is in it.
function lineOf(body: Json): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  const { line } = body as { readonly [name: string]: Json };
  if (typeof line !== "string") return undefined;
  return line.toWellFormed().replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
