import type { Since } from "../protocol/cursor.ts";
import type { Body, ServerFrame } from "../protocol/frames.ts";
import { randomId } from "../protocol/id.ts";
import { parseNick, parseTopic } from "../protocol/names.ts";
import { checkBody } from "../protocol/parse.ts";
import type { ClientTransport, LinkError, TransportName, Wire } from "../transports/transport.ts";
import type { Attempt, Wanted } from "./attempt.ts";
import type { Notice, SwapNotice, TopicEvent } from "./events.ts";
import type { State } from "./lifecycle.ts";
import { Links } from "./links.ts";
import { type Figures, Meters } from "./meter.ts";
import { Notices } from "./notices.ts";
import type { Acked } from "./outbox.ts";
import { Pings } from "./pings.ts";
import { type Beginning, Reading } from "./reading.ts";
import { Sending } from "./sending.ts";
import { Throttle } from "./throttle.ts";

export interface SessionOptions {
  /** The way to the server. The session doesn't release it. */
  readonly wire: Wire;
  readonly transports: ReadonlyMap<TransportName, ClientTransport>;
  /** @default "auto" */
  readonly transport?: TransportName | "auto" | undefined;
  /** Topics to read from the start, and where to begin in each. */
  readonly topics: ReadonlyMap<string, Since>;
  /** Absent: a silent reader. */
  readonly nick?: string | undefined;
  /** The secret that nicks are leased to; absent: anonymous. */
  readonly identity?: string | undefined;
  /** What to do when the server can't be reached at the start: fail, or try for as long as it takes. @default false */
  readonly wait?: boolean | undefined;
  /** ms between polls; never longer than the server's heartbeat @default 500 to 4000 */
  readonly pollInterval?: { readonly min: number; readonly max: number } | undefined;
  /** ms between pings; never longer than the server's heartbeat @default 5000 */
  readonly pingInterval?: number | undefined;
}

/** The session's figures; see {@link Figures}. */
export interface Stats extends Figures {
  readonly transport: TransportName;
  readonly swaps: number;
  readonly duplicatesDropped: number;
  readonly gaps: number;
}

/** Where a session stands. */
export interface Status {
  readonly state: State;
  readonly transport: TransportName;
  readonly nick: string | undefined;
  /** Publishes that aren't acknowledged yet. */
  readonly unacked: number;
}

/** ms between pings, unless said otherwise. */
export const PING_MS = 5_000;
/** Round trips that are told one by one. */
const ROUND_TRIPS = 16;

/**
 * What outlives links: identity, cursor, outbox, the one reconnect loop, swaps. Everything it has to tell goes to its listeners as a
 * {@link Notice}, in order. It doesn't start before {@link start}.
 */
export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #notices = new Notices();
  readonly #reading: Reading<Attempt>;
  readonly #sending: Sending;
  readonly #throttle: Throttle;
  readonly #meters: Meters;
  readonly #pings: Pings;
  readonly #links: Links;
  readonly #name = randomId(5);
  readonly #tasks = new Set<Promise<unknown>>();

  constructor(options: SessionOptions) {
    this.#options = options;
    const track = (task: Promise<unknown>) => this.#track(task);
    this.#meters = new Meters(() => options.wire.bytes());
    this.#pings = new Pings(this.#meters, track);
    this.#sending = new Sending({
      active: () => this.#links.active,
      delayed: ({ code, message }) => this.#notices.tell({ kind: "error", code, message }),
      track,
    });
    this.#throttle = new Throttle(() => this.#sending.size);
    this.#reading = new Reading(options.topics, {
      tell: (notice) => this.#notices.tell(notice),
      passed: (attempt, event) => this.#measure(attempt, event),
      missing: () => this.#links.fetchMissing(),
    });
    this.#links = new Links(options, this.#reading, this.#notices, track, {
      want: (number, nick) => this.#want(number, nick),
      room: () => this.#throttle.room(),
      receive: (attempt, frame) => this.#receive(attempt, frame),
      promoted: (attempt, heartbeat) => this.#promoted(attempt, heartbeat),
      lost: (attempt) => this.#lost(attempt),
      closed: (error) => this.#closed(error),
    });
    this.#meters.switchTo(this.#links.transport);
  }

  /** Begin. Listeners should be there by now. */
  start(): void {
    this.#links.start();
  }

  /** @returns a function that stops listening. What a listener throws becomes a process warning and nothing else. */
  listen(listener: (notice: Notice) => void): () => void {
    return this.#notices.listen(listener);
  }

  /**
   * Slow the links down to what a reader can take: before the next frames are read, what `pause` returns is awaited. While something waits
   * for its ack they are read all the same: it comes with them.
   * @returns a function that ends this
   */
  throttle(pause: () => Promise<void>): () => void {
    return this.#throttle.add(pause);
  }

  get status(): Status {
    const { state, transport, nick } = this.#links;
    return { state, transport, nick, unacked: this.#sending.size };
  }

  get stats(): Stats {
    this.#meters.settle();
    const { duplicates, gaps } = this.#reading.counts;
    const { transport, swaps } = this.#links;
    return { transport, ...this.#meters.all.figures(), swaps, duplicatesDropped: duplicates, gaps };
  }

  /** The newest round trips over whatever transport, ms, oldest first; at most 16. */
  get roundTrips(): readonly number[] {
    return this.#meters.all.roundTrips(ROUND_TRIPS);
  }

  /** The figures of each transport that was used in this session. */
  get figures(): ReadonlyMap<TransportName, Figures> {
    return this.#meters.figures();
  }

  /**
   * How long nothing has come over the link in use, in ms; 0: there is none. Pings are answered, so that a good link is hardly ever
   * quiet for longer than between two of them.
   */
  get quietFor(): number {
    return this.#links.active?.quietFor ?? 0;
  }

  /** Why the session has ended by itself; undefined: it hasn't. */
  get failure(): LinkError | undefined {
    return this.#links.failure;
  }

  /**
   * Read a topic from now on. Begins at `since` where the session has no position yet.
   * @throws ProtocolError `bad-topic`, `too-many-topics`
   */
  subscribe(topic: string, since: Beginning = "now"): void {
    if (this.#reading.subscribe(parseTopic(topic), since)) this.#links.relink();
  }

  unsubscribe(topic: string): void {
    if (this.#reading.unsubscribe(parseTopic(topic))) this.#links.relink();
  }

  /**
   * Publish. Sent now, or as soon as there is a link; sent again until the server has acknowledged it.
   * @returns where it is kept; rejects with ProtocolError when the server refuses it for good, LinkError when the session ends before
   * @throws ProtocolError for a wrong topic or body, OutboxFull
   */
  publish(topic: string, body: Body | string): Promise<Acked> {
    const acked = this.#sending.publish(parseTopic(topic), checkBody(body));
    this.#throttle.published();
    return acked;
  }

  /**
   * Move to another transport (or to a new link of the same). The old link goes on until the new one is synced, or for good if it never is.
   * @returns the measured swap; rejects with LinkError when the new link failed or another swap took its place
   */
  swap(transport: TransportName): Promise<SwapNotice> {
    return this.#links.swap(transport);
  }

  /** Where the session waits for its next try, make it now: whoever says so knows that the server is back. */
  retry(): void {
    this.#links.retry();
  }

  /** Be seen and publish under another nick. Rejects with LinkError if the server refuses it: the old one stays. */
  async rename(nick: string): Promise<void> {
    await this.#links.rename(parseNick(nick));
  }

  /** End the session. Resolves when all of it is gone. What wasn't acknowledged by then is given up. */
  async close(): Promise<void> {
    this.#links.close();
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // What a link reads is fixed when it opens; where it reads on is asked anew for each poll.
  #want(number: number, nick: string | undefined): Wanted {
    const { subscriptions } = this.#reading;
    const { identity } = this.#options;
    const link = { session: this.#name, number };
    return {
      number,
      subscriptions,
      nick,
      hello: () => ({ topics: this.#reading.starts(subscriptions), nick, identity, link }),
    };
  }

  #receive(attempt: Attempt, frame: ServerFrame): void {
    switch (frame.kind) {
      case "topic":
        return this.#reading.introduce(attempt, frame);
      case "event":
        return this.#reading.accept(attempt, frame);
      case "pong":
      case "clock":
        if (attempt === this.#links.active) this.#pings.answered(attempt, frame);
        return;
      case "ack":
        return this.#sending.acked(frame);
      case "nack":
        return this.#sending.nacked(frame);
      case "error":
        return this.#notices.tell(frame);
      default:
        // heartbeat and drain: that they came is all; more: the link itself asks on
        return;
    }
  }

  #promoted(attempt: Attempt, heartbeat: number): void {
    this.#meters.switchTo(attempt.transport);
    this.#pings.start(attempt, Math.min(this.#options.pingInterval ?? PING_MS, heartbeat));
    this.#sending.resume();
  }

  #lost({ transport }: Attempt): void {
    this.#pings.stop();
    this.#meters.all.reconnected();
    this.#meters.of(transport).reconnected();
  }

  #closed(error: LinkError): void {
    this.#pings.stop();
    this.#sending.close(error);
  }

  #measure(attempt: Attempt, event: TopicEvent): void {
    this.#meters.all.delivered();
    this.#meters.of(attempt.transport).delivered();
    // What was replayed is old; only what came live tells how long delivery takes.
    if (attempt.isSynced && attempt === this.#links.active)
      this.#pings.delivered(attempt, event.at);
  }

  #track(task: Promise<unknown>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task)).catch(() => {});
  }
}
