import type { Position } from "../protocol/cursor.ts";
import type { Gap } from "../protocol/frames.ts";

/** What the gate has to know of an event. */
export interface Numbered {
  readonly offset: number;
  /** Offsets right before it that newer events replaced: nothing is missing there. */
  readonly superseded: number;
}

/**
 * What became of an event. `pass`: these are to be delivered now, in this order · `duplicate`: it was delivered or held before, or is of
 * a log that is no more · `hold`: something before it is missing and has to be fetched
 */
export type Passage<Event> =
  | { readonly kind: "pass"; readonly events: readonly Event[] }
  | { readonly kind: "duplicate" }
  | { readonly kind: "hold" };

/** Events held for each topic; beyond it the newest aren't kept: they come again with what is fetched. */
const HELD = 1_000;

interface Place<Event> {
  epoch: string;
  offset: number;
  /** By offset. */
  readonly held: Map<number, Event>;
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
   * @returns the gap that has to be reported; undefined: there is none
   */
  introduce(topic: string, epoch: string, after: number, gap: Gap | undefined): Gap | undefined {
    const place = this.#places.get(topic);
    if (!place) {
      this.#places.set(topic, { epoch, offset: after, held: new Map() });
      return gap;
    }
    const next = place.offset + 1;
    let lost =
      gap ??
      (place.epoch === epoch ? undefined : { from: next, to: null, reason: "epoch" as const });
    if (!lost) return undefined;
    if (lost.reason === "trimmed" && place.epoch === epoch && after > 0) {
      // Another link may have brought meanwhile what this one can't have any more, or a part of it.
      if (after < next) return undefined;
      if (lost.from !== null && lost.from < next) lost = { ...lost, from: next };
    }
    place.epoch = epoch;
    place.offset = after;
    place.held.clear();
    return lost;
  }

  /** Let an event through, or not. The cursor has moved when this returns. */
  accept(topic: string, epoch: string, event: Event): Passage<Event> {
    const place = this.#places.get(topic);
    if (!place) return { kind: "hold" };
    if (place.epoch !== epoch) return { kind: "duplicate" };
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
