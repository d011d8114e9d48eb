import type { GapNotice, TopicEvent } from "../src/client/events.ts";
import type { Position } from "../src/protocol/cursor.ts";
import { Ledger } from "../test/support/ledger.ts";
import type { Log } from "./log.ts";
import type { Tally } from "./tally.ts";

/** What one session was given of one topic, from one wish to read it on. */
export interface Record {
  readonly topic: string;
  /** A link has said where reading begins. */
  introduced(): void;
  /** Whether something is still to come. */
  readonly isBehind: boolean;
  event(event: TopicEvent): void;
  gap(gap: GapNotice): void;
  /** Compare what came with the log, as far as that has been read. */
  compare(): void;
  /** It is over. @param head what should have come by then; undefined: whatever came */
  end(head: number | undefined): void;
}

/** Where a session wanted to begin. */
export type Since = "beginning" | "now" | number | Position;

const back = (since: Exclude<Since, Position>) =>
  since === "now" ? 0 : since === "beginning" ? Infinity : since;

/** Of a room: every event counts. */
export class RoomRecord implements Record {
  readonly topic: string;
  readonly #who: string;
  readonly #since: Since;
  readonly #log: Log;
  readonly #tally: Tally;
  #ledger: Ledger | undefined;
  /** It can't rightly have begun after this offset. */
  #latestBegin = Infinity;
  #uncompared: { readonly offset: number; readonly text: string }[] = [];

  constructor(topic: string, since: Since, who: string, log: Log, tally: Tally) {
    this.topic = topic;
    this.#since = since;
    this.#who = `${who} in ${topic}`;
    this.#log = log;
    this.#tally = tally;
  }

  get isBehind(): boolean {
    const head = this.#log.head(this.topic);
    if (this.#ledger) return this.#ledger.head < head;
    return this.#latestBegin === Infinity || this.#latestBegin < head;
  }

  introduced(): void {
    if (this.#latestBegin < Infinity) return;
    // A position is known; of the others it is known where they can't begin after: what came since may be theirs or not.
    this.#latestBegin =
      typeof this.#since === "object"
        ? this.#since.offset
        : Math.max(this.#log.floor(this.topic), this.#log.head(this.topic) - back(this.#since));
  }

  event({ offset, body }: TopicEvent): void {
    this.#ledger ??= this.#begin(offset - 1);
    this.#ledger.see(offset);
    this.#uncompared.push({ offset, text: (body as { text: string }).text });
  }

  gap({ from, to, reason }: GapNotice): void {
    const floor = this.#log.floor(this.topic);
    const next = this.#ledger ? this.#ledger.head + 1 : from;
    const isTrue = reason === "trimmed" && from === next && to !== null && to <= floor;
    if (!isTrue || from === null) {
      const told = JSON.stringify({ from, to, reason });
      this.#tally.wrong("falseGaps", `${this.#who}: ${told} at ${next}, floor ${floor}`);
      return;
    }
    this.#tally.count("events trimmed unread, and told so", to - from + 1);
    this.#ledger ??= this.#begin(from - 1);
    this.#ledger.excuse(from, to);
  }

  compare(): void {
    const texts = this.#log.texts(this.topic);
    for (const { offset, text } of this.#uncompared) {
      const kept = texts[offset];
      if (kept === undefined || kept === "" || kept === text) continue;
      this.#tally.wrong("altered", `${this.#who}: ${offset} is ${text}, in the log ${kept}`);
    }
    this.#uncompared = this.#uncompared.filter(({ offset }) => offset >= texts.length);
  }

  end(head: number | undefined): void {
    const begin = Math.min(this.#latestBegin, head ?? 0);
    const ledger = this.#ledger ?? new Ledger(begin);
    const { lost, repeated, reordered } = ledger.verdict(head ?? ledger.head);
    this.#tally.wrong("lost", `${this.#who}: ${lost}`, lost);
    this.#tally.wrong("repeated", `${this.#who}: ${repeated}`, repeated);
    this.#tally.wrong("reordered", `${this.#who}: ${reordered}`, reordered);
    if (this.#uncompared.length > 0) this.compare();
    const unknown = this.#uncompared.length;
    this.#tally.wrong("altered", `${this.#who}: ${unknown} that the log hasn't`, unknown);
  }

  #begin(after: number): Ledger {
    const lost = Math.max(0, after - this.#latestBegin);
    this.#tally.wrong("lost", `${this.#who}: began after ${after}, not ${this.#latestBegin}`, lost);
    return new Ledger(after);
  }
}

/** Prices that didn't change for so long, in ms, don't come any more. */
const STALE_MS = 3_000;

/** Of a feed: the newest event of each key counts, and how many it replaced. */
export class FeedRecord implements Record {
  readonly topic: string;
  readonly #who: string;
  readonly #tally: Tally;
  #offset: number | undefined;
  #heardAt = performance.now();

  constructor(topic: string, who: string, tally: Tally) {
    this.topic = topic;
    this.#who = `${who} in ${topic}`;
    this.#tally = tally;
  }

  introduced(): void {}

  /** Prices never stop. */
  get isBehind(): boolean {
    return performance.now() - this.#heardAt > STALE_MS;
  }

  event({ offset, superseded }: TopicEvent): void {
    this.#heardAt = performance.now();
    const last = this.#offset ?? offset - superseded - 1;
    const hole = offset - superseded - 1 - last;
    this.#tally.wrong("lost", `${this.#who}: ${hole} before ${offset}`, Math.max(0, hole));
    if (offset <= last) this.#tally.wrong("repeated", `${this.#who}: ${offset} after ${last}`);
    this.#offset = offset;
  }

  gap(): void {
    // The server keeps no feeds: after a restart they begin anew.
    this.#offset = undefined;
  }

  compare(): void {}

  end(): void {}
}
