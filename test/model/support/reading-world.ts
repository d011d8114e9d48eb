import type { Notice } from "../../../src/client/events.ts";
import { type Beginning, Reading, type Subscriptions } from "../../../src/client/reading.ts";
import type { EventFrame, TopicFrame } from "../../../src/protocol/frames.ts";
import { type LogView, Stay, Violation } from "./stay.ts";

type Frame = TopicFrame | EventFrame;

interface Log {
  readonly epoch: string;
  head: number;
  floor: number;
}

/** A link, as frames that are on their way. */
interface Link {
  readonly wanted: { readonly subscriptions: Subscriptions; readonly number: number };
  readonly topics: Map<number, TopicFrame>;
  /** What it asked for, when it asked; undefined: it has been answered. */
  asked: ReadonlyMap<string, Beginning> | undefined;
  /** Where the server stands in each topic, for this link. */
  readonly places: Map<string, { readonly log: Log; offset: number }>;
  readonly frames: Frame[];
  /** It has brought all that it was first asked for. */
  synced: boolean;
}

export type ReadingAct = (world: ReadingWorld, topic: string) => void;

export const TOPICS = ["a", "b"];

/** The reading of a session alone: logs that grow, are trimmed and lost, and links that bring what they once were asked for, at any time. */
export class ReadingWorld {
  readonly #logs = new Map(TOPICS.map((topic) => [topic, [newLog(topic, 0)]]));
  readonly #stays = new Map<string, Stay>();
  readonly #reading: Reading<Link>;
  readonly #inside: { readonly on: string; readonly topic: string; readonly act: ReadingAct }[] =
    [];
  #links: Link[] = [];
  #missing = false;
  /** What has been told, by its kind. */
  readonly told = new Map<string, number>();
  #opened = 0;

  constructor() {
    this.#reading = new Reading<Link>(new Map(), {
      tell: (notice) => this.#hear(notice),
      passed: () => {},
      missing: () => (this.#missing = true),
    });
  }

  publish(topic: string, count: number): void {
    this.#log(topic).head += count;
  }

  trim(topic: string): void {
    const log = this.#log(topic);
    log.floor = Math.max(log.floor, log.head - 3);
  }

  /**
   * The log is lost, and another one begins. What is on its way then may come late; but nothing is on its way for so long that the log is
   * lost twice meanwhile (RELIABILITY.md): its connection ends with its server.
   */
  lose(topic: string): void {
    const logs = this.#logs.get(topic)!;
    if (logs.length > 1)
      this.#links = this.#links.filter(({ asked, frames }) => !asked && frames.length === 0);
    logs.push(newLog(topic, logs.length));
  }

  subscribe(topic: string, since: Beginning): void {
    if (!this.#stays.has(topic)) this.#stays.set(topic, new Stay(topic, since, this.#look));
    this.#reading.subscribe(topic, since);
  }

  unsubscribe(topic: string): void {
    this.#stays.delete(topic);
    this.#reading.unsubscribe(topic);
  }

  arm(on: string, topic: string, act: ReadingAct): void {
    this.#inside.push({ on, topic, act });
  }

  /** Another link is wanted: one that was on its way isn't any more, those that were good go on. */
  open(): Link {
    this.#links = this.#links.filter(({ synced }) => synced);
    const { subscriptions } = this.#reading;
    const asked = this.#reading.starts(subscriptions);
    const link = {
      wanted: { subscriptions, number: ++this.#opened },
      topics: new Map(),
      places: new Map(),
      frames: [],
      asked,
      synced: false,
    };
    this.#links.push(link);
    return link;
  }

  /** One of the links that were opened. */
  link(number: number): Link | undefined {
    return this.#links[number % this.#links.length];
  }

  /** A link that has brought all asks again, as polls do. */
  askAgain(link: Link): void {
    if (link.asked || link.frames.length > 0) return;
    link.asked = this.#reading.starts(link.wanted.subscriptions);
    link.places.clear();
  }

  /** The server writes what it has for a link, beginning where it was asked to. */
  serve(link: Link): void {
    for (const [topic, start] of link.asked ?? []) this.#begin(link, topic, start);
    link.asked = undefined;
    for (const [topic, place] of link.places) {
      const { log } = place;
      // Whoever served it is no more.
      if (log !== this.#log(topic)) continue;
      if (place.offset < log.floor) {
        const gap = { from: place.offset + 1, to: log.floor, reason: "trimmed" } as const;
        place.offset = log.floor;
        link.frames.push(introduction(topic, log, log.floor, gap));
      }
      while (place.offset < log.head) link.frames.push(event(topic, ++place.offset));
    }
  }

  /** Some of what is on its way arrives. */
  bring(link: Link, count: number): void {
    for (const frame of link.frames.splice(0, count)) {
      if (frame.kind === "topic") this.#reading.introduce(link, frame);
      else this.#reading.accept(link, frame);
    }
    link.synced ||= !link.asked && link.frames.length === 0;
  }

  /** Something happens to the next events on their way. */
  spoil(link: Link, how: string): void {
    const at = link.frames.findIndex(({ kind }) => kind === "event");
    const [first, second] = at < 0 ? [] : link.frames.slice(at, at + 2);
    if (!first) return;
    if (how === "drop") link.frames.splice(at, 1);
    if (how === "repeat") link.frames.splice(at, 0, first);
    if (how === "reorder" && second?.kind === "event") link.frames.splice(at, 2, second, first);
  }

  /** A session goes on until nothing is missing: then all must have been seen. */
  settle(): void {
    const late = this.#links.splice(0);
    let link = this.open();
    for (const each of [link, ...late]) {
      this.serve(each);
      this.bring(each, Infinity);
    }
    for (let round = 0; ; round++) {
      if (round > 20) throw new Violation(`not caught up: ${[...this.#stays.values()].join(", ")}`);
      // It tells what was missed before.
      for (const topic of TOPICS) this.publish(topic, 1);
      this.serve(link);
      this.bring(link, Infinity);
      const due = this.#missing && this.#reading.lacks(link);
      this.#missing = false;
      if (due || !this.#reading.isRead(link)) link = this.open();
      else if ([...this.#stays.values()].every(({ caughtUp }) => caughtUp)) return;
    }
  }

  readonly #look = (topic: string, epoch?: string): LogView => {
    const logs = this.#logs.get(topic)!;
    return logs.findLast((log) => epoch === undefined || log.epoch === epoch)!;
  };

  #log(topic: string): Log {
    return this.#logs.get(topic)!.at(-1)!;
  }

  #begin(link: Link, topic: string, start: Beginning): void {
    const log = this.#log(topic);
    const { head, floor } = log;
    const put = (offset: number, gap?: TopicFrame["gap"]) => {
      link.places.set(topic, { log, offset });
      link.frames.push(introduction(topic, log, offset, gap));
    };
    if (start === "now") put(head);
    else if (start === "beginning") put(floor);
    else if (typeof start === "number") put(Math.max(floor, head - start));
    else if (start.epoch !== log.epoch)
      put(floor, { from: start.offset + 1, to: null, reason: "epoch" });
    else if (start.offset < floor)
      put(floor, { from: start.offset + 1, to: floor, reason: "trimmed" });
    else put(start.offset);
  }

  #hear(notice: Notice): void {
    if (!("topic" in notice)) return;
    const { kind, topic } = notice;
    this.told.set(kind, (this.told.get(kind) ?? 0) + 1);
    const stay = this.#stays.get(topic);
    if (!stay) throw new Violation(`${kind} of ${topic}, which isn't read`);
    stay.hear(notice);
    const index = this.#inside.findIndex((armed) => armed.on === kind && armed.topic === topic);
    const [armed] = index < 0 ? [] : this.#inside.splice(index, 1);
    armed?.act(this, topic);
  }
}

function newLog(topic: string, number: number): Log {
  return { epoch: `${topic}${number}`, head: 0, floor: 0 };
}

function introduction(
  topic: string,
  { epoch }: Log,
  after: number,
  gap: TopicFrame["gap"],
): TopicFrame {
  return {
    kind: "topic",
    n: TOPICS.indexOf(topic),
    topic,
    epoch,
    after,
    base: 0,
    mode: "log",
    gap,
  };
}

function event(topic: string, offset: number): EventFrame {
  return {
    kind: "event",
    n: TOPICS.indexOf(topic),
    offset,
    at: 0,
    body: {},
    from: "",
    superseded: 0,
  };
}
