import type { Start } from "../protocol/cursor.ts";
import { cut, type Line } from "./chunk.ts";
import type { LogState, Store, StoredEvent } from "./store/store.ts";
import { type Beginning, newEpoch, Topic } from "./topic.ts";

/** Newest events kept at hand, so that live readers and short reconnects never touch the store. */
const TAIL_EVENTS = 512;
const TAIL_CHARACTERS = 512 * 1024;
const PAGE = 500;

/** A topic in which every event counts. The store keeps it; its newest events are at hand here. */
export class LogTopic extends Topic {
  readonly mode = "log";
  readonly #store: Store;
  /** The newest events, contiguous up to the head. */
  readonly #tail: { event: StoredEvent; line: Line }[] = [];
  #tailCharacters = 0;
  #floor: number;
  line: string;
  /** Time of the newest event, ms since 1970; 0: none. */
  lastAt: number;

  constructor(name: string, n: number, store: Store, state: LogState, base: number) {
    super(name, n, store.epoch, state.head, base);
    this.#store = store;
    this.#floor = state.floor;
    this.line = state.line;
    this.lastAt = state.at;
  }

  /** Take an event that the store has committed. undefined: it was there already when this topic was loaded. */
  append(event: StoredEvent, floor: number, line?: string): Line | undefined {
    this.#floor = Math.max(this.#floor, floor);
    if (event.offset <= this.head) return undefined;
    if (this.rebase(event.at)) {
      for (const entry of this.#tail) entry.line = this.encode(entry.event);
    }
    const encoded = this.encode(event);
    this.#tail.push({ event, line: encoded });
    this.#tailCharacters += event.body.length;
    while (this.#tail.length > TAIL_EVENTS || this.#tailCharacters > TAIL_CHARACTERS) {
      this.#tailCharacters -= this.#tail.shift()!.event.body.length;
    }
    this.head = event.offset;
    this.lastAt = event.at;
    if (line !== undefined) this.line = line;
    return encoded;
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
    return { offset: start.offset };
  }

  atHand(after: number): readonly Line[] | undefined {
    if (after >= this.head) return [];
    const first = this.#tail[0]?.event.offset;
    if (first === undefined || after + 1 < first) return undefined;
    const start = after + 1 - first;
    return cut(this.#tail.slice(start, start + PAGE).map(({ line }) => line));
  }

  async read(after: number): Promise<readonly Line[]> {
    const events = await this.#store.read(this.name, after, PAGE);
    // Trimmed events can't be asked for again: remember how far that goes.
    if (events[0] && events[0].offset > after + 1)
      this.#floor = Math.max(this.#floor, events[0].offset - 1);
    return cut(events.map((event) => this.encode(event)));
  }

  /** A page of history: up to `limit` events that end right before offset `before`. */
  async history(
    before: number,
    limit: number,
  ): Promise<{ after: number; lines: readonly Line[]; more: boolean }> {
    const end = Math.min(before, this.head + 1);
    const after = Math.max(0, end - 1 - limit);
    const lines = (await this.#store.read(this.name, after, limit))
      .filter(({ offset }) => offset < end)
      .map((event) => this.encode(event));
    const first = lines[0]?.offset ?? end;
    // Events right below the page's first may have been trimmed: then there is no more, whatever their number says.
    const more =
      first - 1 > after
        ? false
        : after > 0 && (await this.#store.read(this.name, after - 1, 1))[0]?.offset === after;
    return { after: first - 1, lines, more };
  }
}
