import type { Start } from "../protocol/cursor.ts";
import { type Line, takeChunk } from "./chunk.ts";
import { type Beginning, newEpoch, type Subscription, Topic } from "./topic.ts";

interface Latest {
  readonly offset: number;
  readonly at: number;
  readonly from: string;
  readonly body: string;
}

/** How many keys a topic keeps; beyond it the one that was written longest ago is dropped. */
export interface Bounds {
  readonly keys: number;
  /** Keys that were {@link LatestTopic.retire}d. */
  readonly retired: number;
}

/**
 * A topic in which only the newest event of each key counts. It lives in memory: what is said in it is soon said anew, and
 * after a restart its epoch is another.
 */
export class LatestTopic extends Topic {
  readonly mode = "latest";
  readonly #key: string;
  readonly #bounds: Bounds;
  /** By key, oldest first: a key moves to the end when it is written. */
  readonly #latest = new Map<string, Latest>();
  /** Keys that were {@link retire}d, oldest first. */
  readonly #retired = new Set<string>();
  /** Highest offset of a dropped key's event: who stands before it may miss that. */
  #dropped = 0;
  #drops = 0;

  constructor(name: string, n: number, epoch: string, key: string, bounds: Bounds, base: number) {
    super(name, n, epoch, 0, base);
    this.#key = key;
    this.#bounds = bounds;
  }

  override get key(): string {
    return this.#key;
  }

  override get drops(): number {
    return this.#drops;
  }

  /** @param event its body is the packed JSON text of an object that holds the key */
  append(key: string, event: Omit<Latest, "offset">): Line {
    const line = this.#append(key, event);
    if (this.#latest.size > this.#bounds.keys) this.#drop(this.#latest.keys().next().value!);
    return line;
  }

  /** Write a key's last word: nothing is expected of it any more, and it goes first when there are too many. */
  retire(key: string, event: Omit<Latest, "offset">): Line {
    const line = this.#append(key, event);
    this.#retired.add(key);
    if (this.#retired.size > this.#bounds.retired) this.#drop(this.#retired.values().next().value!);
    return line;
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
    return this.missed({ offset: start.offset, drops: 0 }) ?? { offset: start.offset };
  }

  // Reading begins anew then: the events of all keys that are left.
  missed({ offset, drops }: Pick<Subscription, "offset" | "drops">): Beginning | undefined {
    if (offset === 0 || offset >= this.#dropped || drops === this.#drops) return undefined;
    return { offset: 0, gap: { from: offset + 1, to: this.#dropped, reason: "trimmed" } };
  }

  atHand(after: number): readonly Line[] {
    return after >= this.head ? [] : takeChunk(this.#after(after));
  }

  async read(after: number): Promise<readonly Line[]> {
    return this.atHand(after);
  }

  #append(key: string, event: Omit<Latest, "offset">): Line {
    const latest = { ...event, offset: ++this.head };
    this.#retired.delete(key);
    this.#latest.delete(key);
    this.#latest.set(key, latest);
    return this.encode(latest);
  }

  #drop(key: string): void {
    this.#dropped = Math.max(this.#dropped, this.#latest.get(key)!.offset);
    this.#drops += 1;
    this.#latest.delete(key);
    this.#retired.delete(key);
  }

  // Conflated: what lies between two events that are still the newest of their keys was superseded.
  *#after(after: number): Generator<Line> {
    let last = after;
    for (const event of this.#latest.values()) {
      if (event.offset <= after) continue;
      yield this.encode(event, event.offset - last - 1);
      last = event.offset;
    }
  }
}
