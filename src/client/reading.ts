import type { Position, Since } from "../protocol/cursor.ts";
import { tooManyTopics } from "../protocol/cursor.ts";
import type { Body, EventFrame, Gap, TopicFrame } from "../protocol/frames.ts";
import { LIMITS } from "../protocol/limits.ts";
import { LinkError } from "../transports/transport.ts";
import type { Notice, TopicEvent, TopicNotice } from "./events.ts";
import { Gate } from "./gate.ts";

/** Where to begin in a topic of which the session has no position. */
export type Beginning = Since | Position;

/** One wish to read a topic. Unsubscribing and subscribing again makes another one, which has nothing to do with the first. */
interface Subscription {
  readonly since: Beginning;
}

/** By topic. */
export type Subscriptions = ReadonlyMap<string, Subscription>;

/** A link, as far as reading is concerned. */
interface Source {
  /** `number`: of two links, the newer one has the higher. */
  readonly wanted: { readonly subscriptions: Subscriptions; readonly number: number };
  /** Topics by the numbers that stand for them on this link. */
  readonly topics: Map<number, TopicFrame>;
}

/** What a session counts as it reads. */
export interface ReadingCounts {
  readonly duplicates: number;
  /** Events that had to wait for something before them. */
  readonly held: number;
  readonly gaps: number;
  /** Events that retention removed before they were read. */
  readonly lost: number;
}

export interface ReadingHost<Link> {
  tell(notice: Notice): void;
  /** An event passes the gate, and is told right after. */
  passed(link: Link, event: TopicEvent): void;
  /** Something is missing: it has to be fetched by a new link at the cursor. */
  missing(): void;
}

/** What a session reads: its topics, where it stands in them, and the one gate that all events go through. */
export class Reading<Link extends Source> {
  readonly #host: ReadingHost<Link>;
  readonly #gate = new Gate<TopicEvent>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** What was last told of each topic. */
  readonly #told = new Map<string, TopicNotice>();
  /** Links that leave something out: they begin beyond the cursor, or read another log. */
  readonly #astray = new WeakSet<Link>();
  #duplicates = 0;
  #held = 0;
  #gaps = 0;
  #lost = 0;

  constructor(topics: ReadonlyMap<string, Since>, host: ReadingHost<Link>) {
    for (const [topic, since] of topics) this.#subscriptions.set(topic, { since });
    this.#host = host;
  }

  /**
   * @returns false if it is being read already
   * @throws ProtocolError `too-many-topics`
   */
  subscribe(topic: string, since: Beginning): boolean {
    if (this.#subscriptions.has(topic)) return false;
    if (this.#subscriptions.size >= LIMITS.topicsPerLink)
      throw tooManyTopics(this.#subscriptions.size + 1);
    this.#subscriptions.set(topic, { since });
    return true;
  }

  /** @returns false if it isn't being read */
  unsubscribe(topic: string): boolean {
    this.#gate.forget(topic);
    this.#told.delete(topic);
    return this.#subscriptions.delete(topic);
  }

  /** What a link that is made now is to read. */
  get subscriptions(): Subscriptions {
    return new Map(this.#subscriptions);
  }

  /** Whether a link reads what is wanted now, no more and no less. */
  isRead({ wanted: { subscriptions } }: Source): boolean {
    if (subscriptions.size !== this.#subscriptions.size) return false;
    return [...this.#subscriptions].every(
      ([topic, subscription]) => subscriptions.get(topic) === subscription,
    );
  }

  /** Where a link that was made with these reads on now. What isn't wanted any more isn't asked for. */
  starts(subscriptions: Subscriptions): Map<string, Beginning> {
    const wanted = [...subscriptions].filter(
      ([topic, subscription]) => this.#subscriptions.get(topic) === subscription,
    );
    return new Map(
      wanted.map(([topic, { since }]) => [topic, this.#gate.position(topic) ?? since]),
    );
  }

  /** Whether something is missing that this link won't bring. */
  lacks(link: Link): boolean {
    return this.#gate.held > 0 || this.#astray.has(link);
  }

  get counts(): ReadingCounts {
    return { duplicates: this.#duplicates, held: this.#held, gaps: this.#gaps, lost: this.#lost };
  }

  /** A link says where it goes on in a topic. */
  introduce(link: Link, frame: TopicFrame): void {
    link.topics.set(frame.n, frame);
    const { topic, epoch, after, mode, key, from } = frame;
    if (!this.#wants(link, topic)) return;
    const gap = this.#gate.introduce(topic, epoch, after, frame.gap, link.wanted.number);
    const position = this.#gate.position(topic)!;
    // What comes late of a log that is no more says nothing about the one that is read. If it doesn't come late, a new link tells.
    if (position.epoch !== epoch) return this.#isMissing(link);
    if (position.offset < after) this.#isMissing(link);
    const about: TopicNotice = { kind: "topic", topic, epoch, mode, key, source: from };
    // Polls introduce their topics each time.
    if (!sameTopic(this.#told.get(topic), about)) {
      this.#told.set(topic, about);
      this.#host.tell(about);
    }
    // Whoever heard of the topic may have had enough.
    if (!gap || !this.#wants(link, topic)) return;
    // What a latest topic has lost is superseded: the newest event of each key follows.
    if (mode === "log") this.#gaps += 1;
    this.#lost += extentOf(gap);
    this.#host.tell({ kind: "gap", topic, ...gap });
  }

  /** @throws LinkError `broken` */
  accept(link: Link, frame: EventFrame): void {
    const topic = link.topics.get(frame.n);
    if (!topic)
      throw new LinkError(
        "broken",
        `the server sent an event of topic number ${frame.n} without naming it`,
      );
    const { topic: name, epoch } = topic;
    if (!this.#wants(link, name)) return;
    const passage = this.#gate.accept(name, epoch, eventOf(topic, frame));
    if (passage.kind === "duplicate" || passage.kind === "stray") this.#duplicates += 1;
    if (passage.kind === "hold") this.#held += 1;
    if (passage.kind === "hold") this.#host.missing();
    if (passage.kind === "stray") this.#isMissing(link);
    if (passage.kind !== "pass") return;
    for (const event of passage.events) {
      // Whoever heard of the one before may have had enough.
      if (!this.#wants(link, name)) return;
      this.#host.passed(link, event);
      this.#host.tell(event);
    }
  }

  #isMissing(link: Link): void {
    this.#astray.add(link);
    this.#host.missing();
  }

  // A link that was made for an earlier wish has no say in a later one.
  #wants({ wanted: { subscriptions } }: Source, topic: string): boolean {
    const subscription = this.#subscriptions.get(topic);
    return subscription !== undefined && subscription === subscriptions.get(topic);
  }
}

function eventOf(
  topic: TopicFrame,
  { offset, at, body, from, superseded }: EventFrame,
): TopicEvent {
  return {
    kind: "event",
    topic: topic.topic,
    offset,
    epoch: topic.epoch,
    at: topic.base + at,
    from: from === "" ? (topic.from ?? "") : from,
    body,
    key: topic.key === undefined ? undefined : keyOf(body, topic.key),
    superseded,
  };
}

function sameTopic(a: TopicNotice | undefined, b: TopicNotice): boolean {
  return a?.epoch === b.epoch && a.mode === b.mode && a.key === b.key && a.source === b.source;
}

function keyOf(body: Body, field: string): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  const key = (body as { readonly [name: string]: unknown })[field];
  return typeof key === "string" ? key : undefined;
}

function extentOf({ from, to, reason }: Gap): number {
  return reason === "trimmed" && from !== null && to !== null ? to - from + 1 : 0;
}
