import { familyOf, whoOf } from "../protocol/names.ts";
import { eventChunk, type Line, takeChunk } from "./chunk.ts";
import { now } from "./clock.ts";
import { LatestTopic } from "./latest-topic.ts";
import { LogTopic } from "./log-topic.ts";
import { keyOf, type Place, type Published } from "./publisher.ts";
import type { Topic } from "./topic.ts";
import { appendPresence, type Topics } from "./topics.ts";

/** An event of the server's own. `body` is packed JSON text that holds the key. */
export interface Announcement {
  readonly key: string;
  /** ms since 1970 */
  readonly at: number;
  readonly body: string;
}

/** Brings events to the readers of their topics: each is encoded once, and what happens in one turn goes out together. */
export class FanOut {
  readonly #topics: Topics;
  readonly #epoch: string;
  readonly #failed: (error: unknown) => void;

  /**
   * @param epoch of all rooms
   * @param failed told of faults that concern no one request
   */
  constructor(topics: Topics, epoch: string, failed: (error: unknown) => void) {
    this.#topics = topics;
    this.#epoch = epoch;
    this.#failed = failed;
  }

  /**
   * Readers see what was committed as soon as it is; where a topic is being loaded right now, as soon as it is there.
   * @returns where each of it is kept
   */
  committed(published: readonly Published[]): Map<Published, Place> {
    const places = new Map<Published, Place>();
    for (const [name, entries] of Map.groupBy(published, ({ frame }) => frame.topic)) {
      if (familyOf(name) === "feed") {
        this.#appendToFeed(name, entries, places);
        continue;
      }
      for (const entry of entries) places.set(entry, { epoch: this.#epoch, offset: entry.offset });
      const held = this.#topics.peek(name);
      if (held instanceof Promise) {
        held.then((topic) => appendToLog(topic, entries)).catch(this.#failed);
      } else if (held) appendToLog(held, entries);
    }
    return places;
  }

  /** Write events of the server's own to a latest topic. */
  announce(topic: LatestTopic, events: readonly Announcement[]): void {
    if (events.length === 0) return;
    topic.moveBase(Math.max(...events.map(({ at }) => at)));
    deliver(
      topic,
      events.map(({ key, at, body }) => topic.append(key, { at, from: "", body })),
    );
  }

  /** Somebody has come to a room or left it. */
  presence(room: string, nick: string, here: boolean): void {
    const topic = this.#topics.peek(whoOf(room));
    if (!(topic instanceof LatestTopic)) return;
    topic.moveBase(now());
    deliver(topic, [appendPresence(topic, nick, here)]);
  }

  // A feed's event gets its place only now: its number is what had to be kept.
  #appendToFeed(name: string, entries: readonly Published[], places: Map<Published, Place>): void {
    const topic = this.#topics.feed(name);
    topic.moveBase(newest(entries));
    const lines = entries.map((entry) => {
      const line = topic.append(keyOf(entry.frame.body, "key")!, entry.append);
      places.set(entry, { epoch: topic.epoch, offset: line.offset });
      return line;
    });
    deliver(topic, lines);
  }
}

function appendToLog(topic: Topic, entries: readonly Published[]): void {
  if (!(topic instanceof LogTopic)) return;
  topic.moveBase(newest(entries));
  const lines = entries.flatMap(({ append: { at, from, body }, offset, floor }) => {
    return topic.append({ offset: offset!, at, from, body }, floor) ?? [];
  });
  deliver(topic, lines);
}

function newest(entries: readonly Published[]): number {
  return Math.max(...entries.map(({ append }) => append.at));
}

function deliver(topic: Topic, lines: readonly Line[]): void {
  if (topic.live.size === 0) return;
  for (let start = 0; start < lines.length;) {
    const part = takeChunk(lines.slice(start));
    start += part.length;
    const chunk = eventChunk(part);
    for (const subscription of topic.live) subscription.reader.deliver(subscription, chunk);
  }
}
