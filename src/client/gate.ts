import type { Position } from "../protocol/cursor.ts";
import type { Gap } from "../protocol/frames.ts";

/** What the gate has to know of an event. */
export interface Numbered {
  readonly offset: number;
  /** Offsets right before it that newer events replaced: nothing is missing there. */
  readonly superseded: number;
}

/**
 * What became of an event. `pass`: these are to be delivered now, in this order · `duplicate`: it was delivered or held before ·
 * `hold`: something before it is missing and has to be fetched · `stray`: it is of another log than the one that is being read
 */
export type Passage<Event> =
  | { readonly kind: "pass"; readonly events: readonly Event[] }
  | { readonly kind: "duplicate" }
  | { readonly kind: "hold" }
  | { readonly kind: "stray" };

/** Events held for each topic; beyond it the newest aren't kept: they come again with what is fetched. */
const HELD = 1_000;
/** Former epochs that are remembered; what comes late doesn't come later than so many. */
const FORMER = 8;

interface Place<Event> {
  epoch: string;
  offset: number;
  /** By offset. */
  readonly held: Map<number, Event>;
  /** Epochs of logs that are no more, the latest first. */
  former: readonly string[];
  /** The newest link that has named the epoch. */
  link: number;
}

/**
 * The one place that decides what a session's readers see: each event exactly once, in offset order, whatever links, swaps and
 * retries bring it. At or below the cursor: dropped. The next one: passed. Beyond: held.
 */
export class Gate<Event extends Numbered> {
  readonly #places = new Map<string, Place<Event>>();

  /** Where to read on. undefined: nothing is known of the topic yet. */
  position(topic: string): Position | undefined {
    const place = this.#places.get(topic);
    return place && { epoch: place.epoch, offset: place.offset };
  }

  /**
   * A link says where it goes on in a topic.
   * @param link its number: of two links, the newer one has the higher
   * @returns the gap that has to be reported; undefined: there is none
   */
  introduce(
    topic: string,
    epoch: string,
    after: number,
    gap: Gap | undefined,
    link = 0,
  ): Gap | undefined {
    const place = this.#places.get(topic);
    if (!place) {
      this.#places.set(topic, { epoch, offset: after, held: new Map(), former: [], link });
      return gap;
    }
    if (place.epoch !== epoch && comesLate(place, epoch, gap, link)) return undefined;
    const lost =
      place.epoch === epoch
        ? lostOf(place, after, gap)
        : { from: place.offset + 1, to: null, reason: "epoch" as const };
    place.link = Math.max(place.link, link);
    if (!lost) return undefined;
    // A link that didn't ask by the cursor may begin anywhere in a new log: what it leaves out has to be fetched.
    place.offset = lost.reason === "epoch" && gap?.reason !== "epoch" ? 0 : after;
    if (place.epoch !== epoch) place.former = [place.epoch, ...place.former].slice(0, FORMER);
    place.epoch = epoch;
    place.held.clear();
    return lost;
  }

  /** Let an event through, or not. The cursor has moved when this returns. */
  accept(topic: string, epoch: string, event: Event): Passage<Event> {
    const place = this.#places.get(topic);
    if (!place) return { kind: "hold" };
    if (place.epoch !== epoch) return { kind: "stray" };
    if (event.offset <= place.offset) return { kind: "duplicate" };
    if (!joins(place, event)) {
      if (place.held.has(event.offset)) return { kind: "duplicate" };
      if (place.held.size < HELD) place.held.set(event.offset, event);
      return { kind: "hold" };
    }
    const events = [event];
    place.offset = event.offset;
    for (let next = nextHeld(place); next; next = nextHeld(place)) {
      place.held.delete(next.offset);
      place.offset = next.offset;
      events.push(next);
    }
    return { kind: "pass", events };
  }

  /** Events that wait for something before them. */
  get held(): number {
    let count = 0;
    for (const { held } of this.#places.values()) count += held.size;
    return count;
  }

  /** Stop reading a topic. */
  forget(topic: string): void {
    this.#places.delete(topic);
  }
}

// What a link of the same log can't have any more, as far as no other link has brought it meanwhile.
function lostOf({ offset }: { offset: number }, after: number, gap: Gap | undefined) {
  // Both links of a swap may say that the log is a new one, or ends before the cursor: only the first is right.
  if (gap?.reason === "epoch") return undefined;
  if (gap?.reason === "future" && gap.to !== null && offset < gap.to) return undefined;
  if (gap?.reason !== "trimmed" || gap.from === null) return gap;
  // What a latest topic has dropped follows anew; where another link has brought that, it is told already.
  if (after === 0) return gap.to !== null && offset >= gap.to ? undefined : gap;
  // What lies between the cursor and the gap may still be there: it has to be fetched.
  if (after <= offset || gap.from > offset + 1) return undefined;
  return { ...gap, from: offset + 1 };
}

// Whether a link tells of a log that was there when it asked, and is no more.
function comesLate(
  place: { readonly former: readonly string[]; readonly link: number },
  epoch: string,
  gap: Gap | undefined,
  link: number,
): boolean {
  return link < place.link || (gap?.reason !== "epoch" && place.former.includes(epoch));
}

function joins({ offset }: { offset: number }, event: Numbered): boolean {
  return event.offset - event.superseded - 1 <= offset;
}

function nextHeld<Event extends Numbered>(place: Place<Event>): Event | undefined {
  for (const event of place.held.values()) {
    if (event.offset <= place.offset) place.held.delete(event.offset);
    else if (joins(place, event)) return event;
  }
  return undefined;
}
