import type { ProtocolError } from "../protocol/errors.ts";
import type { Ack, Body, Publish } from "../protocol/frames.ts";

/** Publishes that aren't acknowledged yet; beyond it {@link Outbox.add} refuses. */
export const OUTBOX_LIMIT = 10_000;

/** Of a publish frame, beside its body: keys, producer, number and topic, in bytes. */
const FRAME_BYTES = 400;

/** Where a kept publish stands. `offset` null: it has been trimmed since. */
export interface Acked {
  readonly topic: string;
  readonly epoch: string;
  readonly offset: number | null;
}

/** The outbox is full. `message` is one line for a person. */
export class OutboxFull extends Error {
  override readonly name = "OutboxFull";

  constructor() {
    super(`${OUTBOX_LIMIT} messages wait to be acknowledged: wait until the server is back`);
  }
}

interface Entry {
  number: number;
  readonly topic: string;
  readonly body: Body;
  /** What it takes in a request, about. */
  readonly bytes: number;
  readonly settled: PromiseWithResolvers<Acked>;
}

/**
 * What was published and isn't acknowledged. Numbers rise by 1 and are sent in order; after a swap or a reconnect all that is unacked is
 * sent again under the same numbers, and the server sees to it that nothing is kept twice.
 */
export class Outbox {
  readonly #makeProducer: () => string;
  #producer: string;
  #last = 0;
  /** Oldest first. */
  #entries: Entry[] = [];
  /** How many of the entries have been sent on the present link. */
  #sent = 0;

  /** @param makeProducer gives a new random name */
  constructor(makeProducer: () => string) {
    this.#makeProducer = makeProducer;
    this.#producer = makeProducer();
  }

  get size(): number {
    return this.#entries.length;
  }

  /** @throws OutboxFull */
  add(topic: string, body: Body): Promise<Acked> {
    if (this.#entries.length >= OUTBOX_LIMIT) throw new OutboxFull();
    const settled = Promise.withResolvers<Acked>();
    const bytes = Buffer.byteLength(JSON.stringify(body)) + FRAME_BYTES;
    this.#entries.push({ number: ++this.#last, topic, body, bytes, settled });
    return settled.promise;
  }

  /**
   * The next frames to send, at least one if any waits; they count as sent from now on.
   * @param limit at most so many
   * @param bytes no more than fit into so many bytes
   */
  take(limit: number, bytes: number): Publish[] {
    const entries: Entry[] = [];
    let size = 0;
    for (const entry of this.#entries.slice(this.#sent, this.#sent + limit)) {
      size += entry.bytes;
      if (entries.length > 0 && size > bytes) break;
      entries.push(entry);
    }
    this.#sent += entries.length;
    return entries.map(({ number, topic, body }) => ({
      kind: "publish",
      producer: this.#producer,
      number,
      topic,
      body,
    }));
  }

  get hasUnsent(): boolean {
    return this.#sent < this.#entries.length;
  }

  /** Send again all that isn't acknowledged. */
  rewind(): void {
    this.#sent = 0;
  }

  /** @returns false for a number that isn't (any more) waiting */
  acked({ number, topic, epoch, offset }: Ack): boolean {
    const entry = this.#remove(number);
    entry?.settled.resolve({ topic, epoch, offset });
    return entry !== undefined;
  }

  /** A final no. */
  refused(number: number, error: ProtocolError): void {
    this.#remove(number)?.settled.reject(error);
  }

  /**
   * The server refused a number as being beyond the next: all that waits is to be sent again. If it is the oldest that waits, the server
   * has forgotten this producer (its log was lost): then nothing that waits can be in its log, and numbering begins anew under another
   * name.
   */
  beyond(number: number): void {
    if (this.#entries[0]?.number === number) {
      this.#producer = this.#makeProducer();
      this.#last = 0;
      for (const entry of this.#entries) entry.number = ++this.#last;
    }
    this.rewind();
  }

  /** Give up on all that waits. */
  abandon(error: Error): void {
    for (const { settled } of this.#entries.splice(0)) settled.reject(error);
    this.#sent = 0;
  }

  #remove(number: number): Entry | undefined {
    // Answers come in order, so it is nearly always the first.
    const index = this.#entries.findIndex((entry) => entry.number === number);
    if (index < 0) return undefined;
    if (index < this.#sent) this.#sent -= 1;
    return index === 0 ? this.#entries.shift() : this.#entries.splice(index, 1)[0];
  }
}
