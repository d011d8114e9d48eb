import type { Start } from "../protocol/cursor.ts";
import type { TopicFrame } from "../protocol/frames.ts";
import { LIMITS } from "../protocol/limits.ts";
import { type Line, takeChunk } from "./chunk.ts";
import type { LogState, Store, StoredEvent } from "./store/store.ts";
import { type Beginning, newEpoch, Topic } from "./topic.ts";

/** Newest events kept at hand, so that live readers and short reconnects never touch the store. */
const TAIL_EVENTS = 512;
const TAIL_CHARACTERS = 512 * 1024;
const PAGE = 500;

/** A page of a log's past, oldest first. */
interface HistoryPage {
  readonly introduction: TopicFrame;
  readonly lines: readonly Line[];
  /** Whether there is anything before it. */
  readonly more: boolean;
}

/** A topic in which every event counts. The store keeps it; its newest events are at hand here. */
export class LogTopic extends Topic {
  readonly mode = "log";
  readonly #store: Store;
  /** The newest events, contiguous up to the head. */
  readonly #tail: { event: StoredEvent; line: Line }[] = [];
  #tailCharacters = 0;
  #floor: number;

  constructor(name: string, n: number, store: Store, state: LogState, base: number) {
    super(name, n, store.epoch, state.head, base);
    this.#store = store;
    this.#floor = state.floor;
  }

  /** Take an event that the store has committed. undefined: it was there already when this topic was loaded. */
  append(event: StoredEvent, floor: number): Line | undefined {
    this.#floor = Math.max(this.#floor, floor);
    if (event.offset <= this.head) return undefined;
    const line = this.encode(event);
    this.#tail.push({ event, line });
    this.#tailCharacters += event.body.length;
    while (this.#tail.length > TAIL_EVENTS || this.#tailCharacters > TAIL_CHARACTERS) {
      this.#tailCharacters -= this.#tail.shift()!.event.body.length;
    }
    this.head = event.offset;
    return line;
  }

  override moveBase(at: number): boolean {
    if (!super.moveBase(at)) return false;
    for (const entry of this.#tail) entry.line = this.encode(entry.event);
    return true;
  }

  begin(start: Start): Beginning {
    if (start === "now") return { offset: this.head };
    if (start === "beginning") return { offset: this.#floor };
    if (start === "unreadable") {
      return { offset: this.head, gap: { from: null, to: null, reason: "unreadable" } };
    }
    if (typeof start === "number") return { offset: Math.max(this.#floor, this.head - start) };
    if (start.epoch !== this.epoch) return newEpoch(start.offset, this.#floor);
    if (start.offset > this.head) {
      return {
        offset: this.head,
        gap: { from: this.head + 1, to: start.offset, reason: "future" },
      };
    }
    return this.missed(start) ?? { offset: start.offset };
  }

  missed({ offset }: { readonly offset: number }): Beginning | undefined {
    if (offset >= this.#floor) return undefined;
    const gap = { from: offset + 1, to: this.#floor, reason: "trimmed" } as const;
    return { offset: this.#floor, gap };
  }

  atHand(after: number): readonly Line[] | undefined {
    if (after >= this.head) return [];
    const first = this.#tail[0]?.event.offset;
    if (first === undefined || after + 1 < first) return undefined;
    const start = after + 1 - first;
    return takeChunk(this.#tail.slice(start, start + PAGE).map(({ line }) => line));
  }

  async read(after: number): Promise<readonly Line[]> {
    const page = await this.#store.read(this.name, after, PAGE);
    // The store may know more than has been announced here: that comes when it is, and may not come twice.
    const events = page.filter(({ offset }) => offset <= this.head);
    // Trimmed events can't be asked for again: remember how far that goes.
    const [first] = events;
    if (first && first.offset > after + 1) this.#floor = Math.max(this.#floor, first.offset - 1);
    return takeChunk(events.values().map((event) => this.encode(event)));
  }

  /** A page of history: up to `limit` events and about 256 KiB, ending right before offset `before` (by default, at the head). */
  async history(before: number | undefined, limit: number): Promise<HistoryPage> {
    const end = Math.max(1, Math.min(before ?? Infinity, this.head + 1));
    const events = newest(await this.#readAll(Math.max(0, end - 1 - limit), end));
    const first = events[0]?.offset ?? end;
    const [oldest] = await this.#store.read(this.name, 0, 1);
    return {
      introduction: this.introduce({ offset: first - 1, gap: undefined }),
      lines: events.map((event) => this.encode(event)),
      more: oldest !== undefined && oldest.offset < first,
    };
  }

  // A page of the store may hold fewer events than were asked for.
  async #readAll(after: number, end: number): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (let last = after; last < end - 1;) {
      const page = await this.#store.read(this.name, last, end - 1 - last);
      if (page.length === 0) break;
      events.push(...page.filter(({ offset }) => offset < end));
      last = page.at(-1)!.offset;
    }
    return events;
  }
}

// As many of the last events as go into one answer; at least one if there is one.
function newest(events: readonly StoredEvent[]): readonly StoredEvent[] {
  let start = events.length;
  let characters = 0;
  while (start > 0 && characters < LIMITS.pageBytes) characters += events[--start]!.body.length;
  return events.slice(start);
}
