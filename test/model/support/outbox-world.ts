import { Outbox } from "../../../src/client/outbox.ts";
import { ProtocolError } from "../../../src/protocol/errors.ts";
import type { Ack, Nack, Publish } from "../../../src/protocol/frames.ts";
import { MemoryStore } from "../../../src/server/store/memory.ts";
import { Violation } from "./stay.ts";

interface Published {
  readonly text: string;
  /** The number of the log that it was acknowledged in, and where. */
  acked?: { readonly epoch: string; readonly offset: number | null };
  refused?: boolean;
}

/** A batch that was sent on a link. */
interface Batch {
  readonly link: number;
  readonly frames: readonly Publish[];
}

interface Answer {
  readonly link: number;
  readonly answers: readonly (Ack | Nack)[];
}

const TOPIC = "room:a";
const REFUSAL = { code: "read-only", message: "no" } as const;
const BATCH = 4;
const ROOM = 1_000_000;
const ALL = 1_000_000;

/**
 * An outbox, a store, and batches and answers between them, which arrive at any time, twice, or not at all. Answers are only read on
 * the link that is in use.
 */
export class OutboxWorld {
  readonly #published: Published[] = [];
  readonly #outbox: Outbox;
  #producers = 0;
  #link = 1;
  #batches: Batch[] = [];
  #answers: Answer[] = [];
  /** The present one last. */
  readonly #stores = [new MemoryStore(ALL)];
  /** A refusal was heard: before the next is sent, all is sent again. */
  #again = false;

  constructor() {
    this.#outbox = new Outbox(() => `producer-${++this.#producers}`);
  }

  add(count: number, refusable: boolean): void {
    for (let left = count; left > 0; left--) {
      const text = `m${this.#published.length + 1}${refusable ? "!" : ""}`;
      const published: Published = { text };
      this.#published.push(published);
      this.#outbox.add(TOPIC, { text }).then(
        ({ epoch, offset }) => (published.acked = { epoch, offset }),
        () => (published.refused = true),
      );
    }
  }

  send(): void {
    if (this.#again) this.#outbox.rewind();
    this.#again = false;
    const frames = this.#outbox.take(BATCH, ROOM);
    if (frames.length > 0) this.#batches.push({ link: this.#link, frames });
  }

  /** A batch arrives at the server. The links that go on bring theirs in order; a former link's may come whenever. */
  async arrive(which: number, how: "once" | "twice" | "unwritable" | "crash"): Promise<void> {
    const batch = this.#batches[which % this.#batches.length];
    if (!batch) return;
    const { link, frames } = batch;
    // One batch doesn't overtake another of its own link.
    if (this.#batches.find((other) => other.link === link) !== batch) return;
    this.#batches = this.#batches.filter((other) => other !== batch);
    if (how === "twice") await this.#commit(frames);
    const answers =
      how === "unwritable"
        ? frames.map(({ number }) => nack(number, "storage"))
        : await this.#commit(frames);
    if (how === "crash") return this.newLink();
    this.#answers.push({ link, answers });
  }

  /** An answer is read. Those of former links never are. */
  hear(): void {
    const answer = this.#answers.shift();
    if (!answer || answer.link !== this.#link) return;
    for (const each of answer.answers) {
      if (each.kind === "ack") this.#outbox.acked(each);
      else if (each.code === "read-only")
        this.#outbox.refused(each.number, new ProtocolError("read-only", each.message));
      else {
        if (each.code === "out-of-order") this.#outbox.beyond(each.number);
        this.#again = true;
      }
    }
  }

  /** Another link is in use. What was sent on the former one may still arrive. */
  newLink(): void {
    this.#link += 1;
    this.#again = false;
    this.#outbox.rewind();
  }

  /** The log is lost, and with it what was known of producers; and what is on its way to the server that had it. */
  lose(): void {
    this.#stores.push(new MemoryStore(ALL));
    this.#batches = [];
    this.newLink();
  }

  async settle(): Promise<void> {
    this.newLink();
    while (this.#batches.length > 0) await this.arrive(0, "once");
    for (let round = 0; this.#outbox.size > 0; round++) {
      if (round > 10 + 2 * this.#published.length) throw new Violation(`${this.#outbox.size} wait`);
      this.send();
      await this.arrive(0, "once");
      while (this.#answers.length > 0) this.hear();
    }
    await this.#compare();
  }

  async #commit(frames: readonly Publish[]): Promise<(Ack | Nack)[]> {
    const store = this.#stores.at(-1)!;
    const outcomes = await store.append(
      frames.map(({ producer, number, topic, body }) => {
        const { text } = body as { readonly text: string };
        const refusal = text.endsWith("!") ? REFUSAL : undefined;
        return { producer, number, topic, at: 0, from: "", body: text, refusal };
      }),
    );
    return frames.map(({ number, topic }, index) => {
      const outcome = outcomes[index]!;
      if (outcome.kind === "refused") return { kind: "nack", number, ...outcome.refusal };
      return { kind: "ack", number, topic, epoch: store.epoch, offset: outcome.offset };
    });
  }

  async #compare(): Promise<void> {
    const logs = new Map<string, string[]>();
    for (const store of this.#stores) {
      const events = await store.read(TOPIC, 0, ALL);
      logs.set(
        store.epoch,
        events.map(({ body }) => body),
      );
    }
    for (const { text, acked, refused = false } of this.#published) {
      if (refused !== text.endsWith("!"))
        throw new Violation(`${text} was ${acked ? "acknowledged" : "refused"}`);
      if (acked && logs.get(acked.epoch)![(acked.offset ?? 0) - 1] !== text)
        throw new Violation(`${text} was acknowledged at ${acked.offset}, where it isn't`);
    }
    for (const log of logs.values()) {
      const numbers = log.map((text) => Number.parseInt(text.slice(1)));
      if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!))
        throw new Violation(`a log holds ${log.join()}`);
    }
  }
}

function nack(number: number, code: "storage"): Nack {
  return { kind: "nack", number, code, message: "the store can't write" };
}
