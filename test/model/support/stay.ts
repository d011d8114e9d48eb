import type { Notice, TopicEvent } from "../../../src/client/events.ts";
import type { Beginning } from "../../../src/client/reading.ts";

/** A log as it is at this moment. */
export interface LogView {
  readonly epoch: string;
  readonly head: number;
  /** The newest offset that was trimmed. */
  readonly floor: number;
}

/** Looks at a log; one of an earlier epoch as it was last. */
export type Look = (topic: string, epoch?: string) => LogView;

/** What a session told that it may not have told. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/**
 * One subscription of a session to a topic, and what it must see: exactly the log from where it began, in order, each event once, but
 * for gaps that are spoken and true.
 */
export class Stay {
  readonly topic: string;
  readonly #since: Beginning;
  readonly #look: Look;
  /** It began between these two; known once the topic was told. */
  #low: number;
  #high: number | undefined;
  #epoch: string;
  /** The one that must come next; undefined: not known yet. */
  #next: number | undefined;
  readonly #former = new Set<string>();
  /** The log was lost: this one's gap must come next. */
  #newEpoch: string | undefined;

  constructor(topic: string, since: Beginning, look: Look) {
    this.topic = topic;
    this.#since = since;
    this.#look = look;
    if (typeof since === "object") {
      this.#epoch = since.epoch;
      // A link that reads on from a position tells the topic with the first event.
      this.#low = this.#high = since.offset;
      this.#next = since.offset + 1;
    } else {
      const view = look(topic);
      this.#epoch = view.epoch;
      this.#low = place(since, view);
    }
  }

  /** The place after what was seen last. undefined: nothing was seen yet. */
  get next(): number | undefined {
    return this.#next;
  }

  get caughtUp(): boolean {
    const { epoch, head } = this.#look(this.topic);
    if (epoch !== this.#epoch || this.#high === undefined) return false;
    if (this.#next !== undefined) return this.#next === head + 1;
    return this.#low <= head && head <= this.#high;
  }

  /** @throws Violation */
  hear(notice: Extract<Notice, { topic: string }>): void {
    if (notice.kind === "topic") this.#told(notice.epoch);
    else if (notice.kind === "event") this.#event(notice);
    else if (notice.reason === "trimmed") this.#trimmed(notice.from, notice.to);
    else if (notice.reason === "epoch") this.#lost(notice.from, notice.to);
    else this.#wrong(`a gap of reason ${notice.reason}`);
  }

  toString(): string {
    const { epoch, head, floor } = this.#look(this.topic);
    const began = `[${this.#low}, ${this.#high ?? "?"}]`;
    return `${this.topic} since ${JSON.stringify(this.#since)}: began in ${began} of ${this.#epoch}, next ${this.#next ?? "?"}; the log is ${epoch} ${floor} to ${head}`;
  }

  #told(epoch: string): void {
    if (this.#newEpoch !== undefined) this.#wrong("no gap of the epoch was told");
    if (this.#former.has(epoch)) this.#wrong(`back at epoch ${epoch}`);
    if (this.#high !== undefined || typeof this.#since === "object") {
      if (epoch !== this.#epoch) this.#newEpoch = epoch;
      return;
    }
    if (epoch !== this.#epoch) this.#low = 0;
    this.#epoch = epoch;
    this.#high = place(this.#since, this.#look(this.topic, epoch));
  }

  #event({ epoch, offset }: TopicEvent): void {
    this.#joins(offset, "event", epoch);
    if (offset > this.#look(this.topic, epoch).head) this.#wrong(`event ${offset} isn't kept`);
    this.#next = offset + 1;
  }

  #trimmed(from: number | null, to: number | null): void {
    if (from === null || to === null || to < from) this.#wrong(`a gap from ${from} to ${to}`);
    this.#joins(from, "gap", this.#epoch);
    const { floor } = this.#look(this.topic, this.#epoch);
    if (to > floor) this.#wrong(`a gap to ${to}, but only ${floor} are trimmed`);
    this.#next = to + 1;
  }

  #lost(from: number | null, to: number | null): void {
    const epoch = this.#newEpoch;
    if (epoch === undefined) this.#wrong("a gap of the epoch, but it is the same");
    this.#newEpoch = undefined;
    if (from === null || to !== null) this.#wrong(`a gap from ${from} to ${to}`);
    this.#joins(from, "gap", this.#epoch);
    this.#former.add(this.#epoch);
    this.#epoch = epoch;
    this.#next = undefined;
    this.#low = 0;
    this.#high = this.#look(this.topic, epoch).floor;
  }

  #joins(offset: number, what: string, epoch: string): void {
    if (this.#high === undefined) this.#wrong(`${what} ${offset} before the topic was told`);
    if (this.#newEpoch !== undefined) this.#wrong("no gap of the epoch was told");
    if (epoch !== this.#epoch) this.#wrong(`${what} ${offset} of epoch ${epoch}`);
    const before = offset - 1;
    const fits =
      this.#next === undefined
        ? this.#low <= before && before <= this.#high
        : offset === this.#next;
    if (!fits) this.#wrong(`${what} ${offset}`);
  }

  #wrong(what: string): never {
    throw new Violation(`${what}: ${this.toString()}`);
  }
}

// Where a log is begun to be read.
function place(since: Exclude<Beginning, object>, { head, floor }: LogView): number {
  if (since === "now") return head;
  return since === "beginning" ? floor : Math.max(floor, head - since);
}
