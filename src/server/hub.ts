import { ProtocolError } from "../protocol/errors.ts";
import type { Ack, Nack, Pong, Publish, Welcome } from "../protocol/frames.ts";
import { formatLinkName, type Hello, type LinkName } from "../protocol/hello.ts";
import { VERSION } from "../protocol/limits.ts";
import { familyOf, nickKey } from "../protocol/names.ts";
import type { Publisher, ServerHub, ServerReader, Sink } from "../transports/transport.ts";
import { now, uptime } from "./clock.ts";
import { randomEpoch } from "./epoch.ts";
import { type Announcement, FanOut } from "./fan-out.ts";
import type { LatestTopic } from "./latest-topic.ts";
import type { Nicks } from "./nicks.ts";
import { Presence } from "./presence.ts";
import { Publishing } from "./publisher.ts";
import { Reader } from "./reader.ts";
import { returnSlots, Slots } from "./slots.ts";
import type { Store } from "./store/store.ts";
import { Topics } from "./topics.ts";

export interface HubOptions {
  readonly store: Store;
  readonly nicks: Nicks;
  /** ms; no stream is silent for longer */
  readonly heartbeat: number;
  /** Links at once; one more is refused with `too-many-links`. */
  readonly maxLinks: number;
  /** Told of faults that concern no one request. */
  readonly failed: (error: unknown) => void;
}

/** Pongs that wait for the next poll of their link; the oldest is dropped. */
const MAILBOX = 10_000;
/** How often in a heartbeat silence is looked for. */
const LOOKS = 16;
/** After so much of a heartbeat without another word it is time for one. */
const BEAT_AFTER = 0.8;
/** Who finds the server full is asked back in so many ms, spread evenly: not all at once. */
const FULL_MS = [2_500, 7_500] as const;

/** Where links and publishes meet. It knows topics and readers; how frames travel is the transports' business. */
export class Hub implements ServerHub, AsyncDisposable {
  readonly heartbeat: number;
  /** Identity of this running server. */
  readonly server = randomEpoch();
  readonly nicks: Nicks;
  readonly presence: Presence;
  readonly topics: Topics;
  readonly #fanOut: FanOut;
  readonly #publishing: Publishing;
  readonly #options: HubOptions;
  readonly #readers = new Set<Reader>();
  /** The links that go on, with their sessions. */
  readonly #streams = new Map<Reader, string>();
  readonly #byLink = new Map<string, Reader>();
  /** The oldest first. */
  readonly #pongs = new Map<string, { readonly pong: Pong; readonly at: number }>();
  readonly #timer: NodeJS.Timeout;
  #lookedAt = uptime();
  #wasHeldUp = false;
  readonly #fullSlots = new Slots(FULL_MS[1], FULL_MS[0]);
  /** Set once the server stops: when its links are to come back. */
  #returnSlots: Slots | undefined;
  #nameless = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.heartbeat = options.heartbeat;
    this.nicks = options.nicks;
    this.presence = new Presence(2 * options.heartbeat, (room, nick, here) =>
      this.#fanOut.presence(room, nick, here),
    );
    this.topics = new Topics(options.store, (room) => this.presence.in(room));
    this.#fanOut = new FanOut(this.topics, options.store.epoch, options.failed);
    this.#publishing = new Publishing(options.store, {
      admit: (topic) => this.topics.admit(topic),
      committed: (published) => this.#fanOut.committed(published),
      epochOf: (topic) => {
        const held = this.topics.peek(topic);
        return held && !(held instanceof Promise) ? held.epoch : options.store.epoch;
      },
      failed: options.failed,
    });
    this.#timer = setInterval(() => this.#look(), options.heartbeat / LOOKS);
    this.#timer.unref();
  }

  get links(): number {
    return this.#readers.size;
  }

  get draining(): boolean {
    return this.#returnSlots !== undefined;
  }

  open(hello: Hello, sink: Sink, style: "stream" | "poll"): ServerReader {
    if (this.#returnSlots) {
      const after = this.#returnSlots.next();
      throw new ProtocolError("draining", "the server is stopping", { after });
    }
    if (this.#readers.size >= this.#options.maxLinks) {
      const message = `the server has its limit of ${this.#options.maxLinks} links: try again later`;
      throw new ProtocolError("too-many-links", message, { after: this.#fullSlots.next() });
    }
    if (hello.nick !== undefined) this.nicks.claim(hello.nick, hello.identity);
    // A reader without a session of its own is in its rooms for as long as its one link lives.
    const session = hello.link?.session ?? `.${++this.#nameless}`;
    const link = hello.link && formatLinkName(hello.link);
    const reader = new Reader(hello, sink, {
      hold: (name) => this.topics.hold(name),
      closed: () => this.#forget(reader, session, link),
      heard: () => this.presence.renew(session),
      failed: this.#options.failed,
    });
    this.#readers.add(reader);
    if (style === "stream") this.#streams.set(reader, session);
    if (link !== undefined) this.#byLink.set(link, reader);
    const { nick } = hello;
    this.presence.declare({ session, link: hello.link?.number ?? 0, nick, rooms: roomsOf(hello) });
    const pinned = [...hello.topics.values()].every((start) => typeof start === "object");
    if (style === "stream") reader.greet(this.#welcome(hello));
    reader.start(() => {
      const welcome = style === "stream" || pinned ? [] : [this.#welcome(hello)];
      return [...welcome, ...this.#pongsFor(link)];
    });
    return reader;
  }

  async publish(frames: readonly Publish[], publisher: Publisher): Promise<(Ack | Nack)[]> {
    return this.#publishing.publish(frames, publisher);
  }

  now(): number {
    return now();
  }

  ping(link: LinkName, id: number): Pong {
    const pong: Pong = { kind: "pong", id, time: now() };
    const name = formatLinkName(link);
    this.heard(link);
    const reader = this.#byLink.get(name);
    if (reader) reader.send(pong);
    else {
      this.#pongs.delete(name);
      this.#pongs.set(name, { pong, at: uptime() });
      if (this.#pongs.size > MAILBOX) this.#pongs.delete(this.#pongs.keys().next().value!);
    }
    return pong;
  }

  /**
   * Lease a nick that no session uses, whoever holds it. For a moment nobody else gets it like this.
   * @throws ProtocolError `nick-taken`
   */
  claimAlone(nick: string, identity: string | undefined): void {
    const used = (key: string) => this.presence.uses(key);
    if (used(nickKey(nick))) throw this.nicks.taken(nick, used);
    this.nicks.claim(nick, identity);
    this.presence.reserve(nickKey(nick));
  }

  /** A sign of life of a link that came beside it. */
  heard(link: LinkName): void {
    const reader = this.#byLink.get(formatLinkName(link));
    if (reader) reader.heard();
    else this.presence.renew(link.session);
  }

  bye(session: string): void {
    this.presence.end(session);
  }

  failed(error: unknown): void {
    this.#options.failed(error);
  }

  /** Write events of the server's own to a latest topic. */
  announce(topic: LatestTopic, events: readonly Announcement[]): void {
    this.#fanOut.announce(topic, events);
  }

  /** Tell each link that the server is stopping, and end it. New links are refused from now on. */
  async drain(): Promise<void> {
    // Sessions that poll have no link now, but come back as well.
    const slots = returnSlots(Math.max(this.#readers.size, this.presence.sessions));
    this.#returnSlots = slots;
    for (const reader of this.#readers) {
      reader.send({ kind: "drain", after: slots.next() });
      reader.end({ kind: "error", code: "draining", message: "the server is stopping" });
    }
    await this.#publishing.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    if (!this.draining) await this.drain();
  }

  #welcome({ nick }: Hello): Welcome {
    return {
      kind: "welcome",
      version: VERSION,
      server: this.server,
      time: now(),
      heartbeat: this.heartbeat,
      nick,
    };
  }

  #forget(reader: Reader, session: string, link: string | undefined): void {
    this.#readers.delete(reader);
    this.#streams.delete(reader);
    if (link === undefined) this.presence.leave(session);
    else if (this.#byLink.get(link) === reader) this.#byLink.delete(link);
  }

  // A ping that came between two polls is answered by the next one.
  #pongsFor(link: string | undefined): Pong[] {
    const waiting = link === undefined ? undefined : this.#pongs.get(link);
    if (!waiting) return [];
    this.#pongs.delete(link!);
    return [waiting.pong];
  }

  // Streams are never silent for a heartbeat; whoever promised to ping and doesn't is gone.
  #look(): void {
    const time = uptime();
    const late = time - this.#lookedAt - this.heartbeat / LOOKS;
    this.#lookedAt = time;
    for (const [reader, session] of this.#streams) {
      // Whoever doesn't name its link doesn't ping either: it is here for as long as its link lives.
      if (!reader.hello.link) this.presence.renew(session);
      if (time - reader.lastWrite >= this.heartbeat * BEAT_AFTER) reader.beat();
    }
    // This process was held up: what clients have said meanwhile is still to be read.
    this.#wasHeldUp = late > this.heartbeat / LOOKS && !this.#wasHeldUp;
    if (!this.#wasHeldUp) this.#endSilence(time);
  }

  // What would be over before the next look is over now: nothing is noticed later than it should be.
  #endSilence(time: number): void {
    const nextLook = time + this.heartbeat / LOOKS;
    for (const [reader] of this.#streams) {
      if (!reader.hello.link || nextLook - reader.lastHeard < 2 * this.heartbeat) continue;
      reader.end({
        kind: "error",
        code: "silent",
        message: "nothing was heard from the client for two heartbeats",
      });
    }
    for (const [link, { at }] of this.#pongs) {
      if (time - at < 2 * this.heartbeat) break;
      this.#pongs.delete(link);
    }
    this.presence.sweep(nextLook);
    // However long a link lives, nobody else may take its nick.
    for (const key of this.presence.used()) this.nicks.renew(key);
  }
}

function roomsOf({ topics }: Hello): Set<string> {
  return new Set([...topics.keys()].filter((topic) => familyOf(topic) === "room"));
}
