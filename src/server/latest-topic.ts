import type { Start } from "../protocol/cursor.ts";
import { cut, type Line } from "./chunk.ts";
import { type Beginning, newEpoch, Topic } from "./topic.ts";

interface Latest {
  readonly offset: number;
  readonly at: number;
  readonly from: string;
  readonly body: string;
}

/**
 * A topic in which only the newest event of each key counts. It lives in memory: what is said in it is soon said anew, and
 * after a restart its epoch is another.
 */
export class LatestTopic extends Topic {
  readonly mode = "latest";
  readonly #key: string;
  readonly #maxKeys: number;
  /** By key, oldest first: a key moves to the end when it is written. */
  readonly #latest = new Map<string, Latest>();
  /** The newest event whose key was dropped: who stands before it may hold a key that is gone. */
  #dropped = 0;

  /** @param maxKeys beyond it the key that was written longest ago is dropped */
  constructor(name: string, n: number, epoch: string, key: string, maxKeys: number, base: number) {
    super(name, n, epoch, 0, base);
    this.#key = key;
    this.#maxKeys = maxKeys;
  }

  override get key(): string {
    return this.#key;
  }

  /** @param body packed JSON text of an object that holds the key */
  append(key: string, event: Omit<Latest, "offset">): Line {
    this.rebase(event.at);
    const latest = { ...event, offset: ++this.head };
    this.#latest.delete(key);
    this.#latest.set(key, latest);
    if (this.#latest.size > this.#maxKeys) {
      const [oldest, { offset }] = this.#latest.entries().next().value!;
      this.#latest.delete(oldest);
      this.#dropped = offset;
    }
    return this.encode(latest);
  }

  // Whatever a new reader asks for, it gets the newest event of each key: that is all there is.
  begin(start: Start): Beginning {
    if (typeof start !== "object") {
      return start === "unreadable"
        ? { offset: 0, gap: { from: null, to: null, reason: "unreadable" } }
        : { offset: 0 };
    }
    if (start.epoch !== this.epoch) return newEpoch(start.offset, 0);
    if (start.offset > this.head) {
      return { offset: 0, gap: { from: this.head + 1, to: start.offset, reason: "future" } };
    }
    if (start.offset > 0 && start.offset < this.#dropped) {
      return { offset: 0, gap: { from: start.offset + 1, to: this.#dropped, reason: "trimmed" } };
    }
    return { offset: start.offset };
  }

  // Conflated: what lies between two events that are still the newest of their keys was superseded.
  atHand(after: number): readonly Line[] {
    if (after >= this.head) return [];
    const lines: Line[] = [];
    let last = after;
    for (const event of this.#latest.values()) {
      if (event.offset <= after) continue;
      lines.push(this.encode(event, event.offset - last - 1));
      last = event.offset;
    }
    return cut(lines);
  }

  async read(after: number): Promise<readonly Line[]> {
    return this.atHand(after);
  }
}
