import type { Gap, TopicFrame, TopicMode } from "../protocol/frames.ts";
import type { Start } from "../protocol/cursor.ts";
import type { Chunk } from "../transports/transport.ts";
import type { Line } from "./chunk.ts";

/** One subscriber of one topic: where it stands. A link has one for each of its topics. */
export interface Subscription {
  readonly topic: Topic;
  readonly reader: { deliver(subscription: Subscription, chunk: Chunk): void };
  /** The last offset that was written to the link. */
  offset: number;
  /** The base that the link was last told; undefined: it hasn't been introduced to the topic yet. */
  base: number | undefined;
  /** What the link still has to be told. */
  gap: Gap | undefined;
  /** The topic's {@link Topic.drops} when reading began, or began anew. */
  drops: number;
}

/** Where a subscription begins, and what it misses of what it asked for. */
export interface Beginning {
  readonly offset: number;
  readonly gap?: Gap | undefined;
}

/** Times in new events are shorter than this many ms: the base moves before they reach it. */
const BASE_MS = 10_000_000;

/** A topic as readers see it. Two kinds exist: {@link LogTopic} and {@link LatestTopic}. */
export abstract class Topic {
  readonly name: string;
  /** Stands for the topic in events. */
  readonly n: number;
  readonly epoch: string;
  abstract readonly mode: TopicMode;
  /** Subscriptions that have read up to the head and are written to when it moves. */
  readonly live = new Set<Subscription>();
  /** Who the events are from that name nobody. */
  from: string | undefined;
  /** What event times count from, ms since 1970. */
  base: number;
  head: number;

  constructor(name: string, n: number, epoch: string, head: number, base: number) {
    this.name = name;
    this.n = n;
    this.epoch = epoch;
    this.head = head;
    this.base = base;
  }

  /** Where reading begins for what a hello asks for. */
  abstract begin(start: Start): Beginning;

  /** Where a subscription that lags goes on if it can't have what comes next; undefined: it can. */
  abstract missed(at: Pick<Subscription, "offset" | "drops">): Beginning | undefined;

  /**
   * Events after an offset that are at hand now, at most a page; empty at the head. undefined: they have to be {@link read} first.
   */
  abstract atHand(after: number): readonly Line[] | undefined;

  /** Events after an offset, from the store. The first may lie beyond a hole: then what lies between has been trimmed. */
  abstract read(after: number): Promise<readonly Line[]>;

  /** How often an event was dropped that no newer one replaced. */
  get drops(): number {
    return 0;
  }

  /** The field of the body that is the key; undefined for logs. */
  get key(): string | undefined {
    return undefined;
  }

  /** The frame that introduces the topic to a link, at the subscription's place. */
  introduce({ offset, gap }: Pick<Subscription, "offset" | "gap">): TopicFrame {
    const { n, name: topic, epoch, base, mode, key, from } = this;
    return { kind: "topic", n, topic, epoch, after: offset, base, mode, key, from, gap };
  }

  /**
   * Move the base if `at` has come too far from it, forward or, where the clock was set, back: to be called before events of that time are appended. Lines that were
   * encoded before are void then.
   */
  moveBase(at: number): boolean {
    if (Math.abs(at - this.base) < BASE_MS) return false;
    this.base = at;
    return true;
  }

  protected encode(
    { offset, at, from, body }: { offset: number; at: number; from: string; body: string },
    superseded = 0,
  ): Line {
    const sender = superseded > 0 || from !== "" ? `,${JSON.stringify(from)}` : "";
    const skipped = superseded > 0 ? `,${superseded}` : "";
    return { offset, json: `[${this.n},${offset},${at - this.base},${body}${sender}${skipped}]` };
  }
}

/** What an epoch other than the asked-for one means to a reader: all of the new log lies before it. */
export function newEpoch(lostAfter: number, offset: number): Beginning {
  return { offset, gap: { from: lostAfter + 1, to: null, reason: "epoch" } };
}
