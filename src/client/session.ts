import type { Since } from "../protocol/cursor.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { Body, EventFrame, ServerFrame, TopicFrame } from "../protocol/frames.ts";
import type { Hello } from "../protocol/hello.ts";
import { randomId } from "../protocol/id.ts";
import { DEFAULT_HEARTBEAT_MS, LIMITS, VERSION } from "../protocol/limits.ts";
import { parseNick, parseTopic } from "../protocol/names.ts";
import { checkBody } from "../protocol/parse.ts";
import { type ClientTransport, LinkError, type TransportName, type Wire } from "../transports/transport.ts";
import { Attempt } from "./attempt.ts";
import { backoff } from "./backoff.ts";
import { Chooser } from "./chooser.ts";
import { ClockOffset } from "./clock-offset.ts";
import type { Notice, SwapNotice, TopicEvent } from "./events.ts";
import { Gate } from "./gate.ts";
import { type Effect, type State, transition, type Trigger } from "./lifecycle.ts";
import { type Figures, Meters } from "./meter.ts";
import { type Acked, Outbox } from "./outbox.ts";

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
  /** ms between polls @default 500 to 4000 */
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

interface PendingSwap {
  readonly from: TransportName;
  readonly transport: TransportName;
  readonly since: number;
  /** Whether it was asked for as a swap, and not to change topics or nick. */
  readonly announced: boolean;
  readonly settled: PromiseWithResolvers<SwapNotice>;
}

/** Frames sent at once; an HTTP request holds no more. */
const SEND = LIMITS.publishesPerPost;
/** A link that lasted for so long was good: the backoff begins anew after it; in ms. */
const GOOD_MS = 5_000;
/** Round trips that are told one by one. */
const ROUND_TRIPS = 16;
/** Pings that wait for their pongs; beyond it the oldest is given up. */
const PINGS = 16;
/** A publish that was refused for now is sent again within so many ms. */
const RETRY_PUBLISH_MS = 1_000;

/**
 * What outlives links: identity, cursor, outbox, the one reconnect loop, swaps. Everything it has to tell goes to its listeners as a
 * {@link Notice}, in order. It doesn't start before {@link start}.
 */
export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #topics: Map<string, Since>;
  readonly #gate = new Gate<TopicEvent>();
  readonly #outbox = new Outbox(() => randomId(8));
  readonly #clock = new ClockOffset();
  readonly #meters: Meters;
  readonly #chooser: Chooser;
  readonly #name = randomId(5);
  readonly #listeners = new Set<(notice: Notice) => void>();
  readonly #sentPings = new Map<number, number>();
  readonly #tasks = new Set<Promise<unknown>>();
  #started = false;
  #nick: string | undefined;
  #state: State = "connecting";
  #active: Attempt | undefined;
  #candidate: Attempt | undefined;
  #pendingSwap: PendingSwap | undefined;
  #links = 0;
  #pings = 0;
  #tries = 0;
  #swaps = 0;
  #gaps = 0;
  #duplicates = 0;
  #everLive = false;
  #relinking = false;
  #publishing = false;
  #heartbeat = DEFAULT_HEARTBEAT_MS;
  #lastError: LinkError | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #relinkTimer: NodeJS.Timeout | undefined;
  #publishTimer: NodeJS.Timeout | undefined;
  #readers: (() => Promise<void>)[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#topics = new Map(options.topics);
    this.#nick = options.nick;
    this.#chooser = new Chooser(options.transport ?? "auto");
    this.#meters = new Meters(() => options.wire.bytes());
    this.#meters.switchTo(this.#chooser.current);
  }

  /** Begin. Listeners should be there by now. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#effect("open");
  }

  /** @returns a function that stops listening. What a listener throws becomes a process warning and nothing else. */
  listen(listener: (notice: Notice) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Slow the links down to what a reader can take: before the next frames are read, what `pause` returns is awaited. */
  throttle(pause: () => Promise<void>): void {
    this.#readers.push(pause);
  }

  get status(): Status {
    const transport = (this.#active ?? this.#candidate)?.transport ?? this.#chooser.current;
    return { state: this.#state, transport, nick: this.#nick, unacked: this.#outbox.size };
  }

  get stats(): Stats {
    this.#meters.settle();
    return {
      transport: this.status.transport,
      ...this.#meters.all.figures(),
      swaps: this.#swaps,
      duplicatesDropped: this.#duplicates,
      gaps: this.#gaps,
    };
  }

  /** The newest round trips over whatever transport, ms, oldest first; at most 16. */
  get roundTrips(): readonly number[] {
    return this.#meters.all.roundTrips(ROUND_TRIPS);
  }

  /** The figures of each transport that was used in this session. */
  get figures(): ReadonlyMap<TransportName, Figures> {
    return this.#meters.figures();
  }

  /** Read a topic from now on. Begins at `since` where the session has no position yet. */
  subscribe(topic: string, since: Since = "now"): void {
    const name = parseTopic(topic);
    if (this.#topics.has(name)) return;
    this.#topics.set(name, since);
    this.#relink();
  }

  unsubscribe(topic: string): void {
    const name = parseTopic(topic);
    if (!this.#topics.delete(name)) return;
    this.#gate.forget(name);
    this.#relink();
  }

  /**
   * Publish. Sent now, or as soon as there is a link; sent again until the server has acknowledged it.
   * @returns where it is kept; rejects with ProtocolError when the server refuses it for good, LinkError when the session ends before
   * @throws ProtocolError for a wrong topic or body, OutboxFull
   */
  publish(topic: string, body: Body | string): Promise<Acked> {
    const acked = this.#outbox.add(parseTopic(topic), checkBody(body));
    this.#flush();
    return acked;
  }

  /**
   * Move to another transport (or to a new link of the same). The old link goes on until the new one is synced, or for good if it never is.
   * @returns the measured swap; rejects with LinkError when the new link failed or another swap took its place
   */
  swap(transport: TransportName): Promise<SwapNotice> {
    this.#chooser.choose(transport);
    return this.#swapTo(transport, true);
  }

  /** Be seen and publish under another nick. Rejects with LinkError if the server refuses it: the old one stays. */
  async rename(nick: string): Promise<void> {
    const before = this.#nick;
    this.#nick = parseNick(nick);
    try {
      await this.#swapTo(this.status.transport, false);
    } catch (error) {
      this.#nick = before;
      throw error;
    }
  }

  /** End the session. Resolves when all of it is gone. What wasn't acknowledged by then is given up. */
  async close(): Promise<void> {
    const active = this.#active;
    if (active && this.#state !== "closed") {
      // A polite word; if it doesn't get through, the lease ends the presence.
      await Promise.race([
        active.send([{ kind: "bye" }]).catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, 500).unref()),
      ]);
    }
    this.#lastError = undefined;
    this.#dispatch("close");
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #dispatch(trigger: Trigger): void {
    const { to, effects } = transition(this.#state, trigger);
    this.#state = to;
    for (const effect of effects) this.#effect(effect);
  }

  #effect(effect: Effect): void {
    switch (effect) {
      case "open":
        return this.#open();
      case "promote":
        return this.#promote();
      case "abandon":
        return this.#abandon();
      case "wait":
        return this.#wait();
      case "shut":
        return this.#shut();
    }
  }

  #open(): void {
    clearTimeout(this.#retryTimer);
    const name = this.#pendingSwap?.transport ?? this.#chooser.current;
    const transport = this.#options.transports.get(name);
    if (!transport) throw new Error(`no such transport: ${name}`);
    const { wire, pollInterval = { min: 500, max: 4_000 }, identity } = this.#options;
    const number = ++this.#links;
    // What a link reads is fixed when it opens; where it reads on is asked anew for each poll.
    const topics = new Map(this.#topics);
    const nick = this.#nick;
    const hello = (): Hello => ({
      topics: new Map(Array.from(topics, ([topic, since]) => [topic, this.#gate.start(topic, since)])),
      nick,
      identity,
      link: { session: this.#name, number },
    });
    this.#candidate = new Attempt(transport, { wire, pollInterval }, hello, {
      receive: (attempt, frames) => this.#receive(attempt, frames),
      ended: (attempt, error) => this.#ended(attempt, error),
    });
    if (!this.#active) this.#notify({ kind: "link", transport: name, state: "connecting" });
  }

  #promote(): void {
    const attempt = this.#candidate!;
    const old = this.#active;
    this.#active = attempt;
    this.#candidate = undefined;
    if (old) this.#track(old.drop());
    this.#meters.switchTo(attempt.transport);
    this.#everLive = true;
    const reconnected = old === undefined;
    if (reconnected) {
      const ms = Math.round(performance.now() - attempt.since);
      this.#notify({ kind: "link", transport: attempt.transport, state: "live", ms });
    }
    this.#reportSwap(attempt, old);
    this.#sentPings.clear();
    this.#ping();
    // Acks may have been lost with the old link: what waits for one is said again.
    this.#outbox.rewind();
    this.#flush();
  }

  #reportSwap(attempt: Attempt, old: Attempt | undefined): void {
    const pending = this.#pendingSwap;
    this.#pendingSwap = undefined;
    if (!pending) return;
    const notice: SwapNotice = {
      kind: "swap",
      from: pending.from,
      to: attempt.transport,
      ms: Math.round(performance.now() - pending.since),
      held: this.#gate.held,
      duplicates: attempt.duplicates + (old?.duplicates ?? 0),
      lost: 0,
    };
    if (pending.announced) {
      this.#swaps += 1;
      this.#notify(notice);
    }
    pending.settled.resolve(notice);
  }

  #abandon(): void {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    if (candidate) this.#track(candidate.drop());
  }

  #wait(): void {
    clearInterval(this.#pingTimer);
    const error = this.#lastError;
    const ms = Math.round(backoff(this.#tries++, error?.after ?? 0));
    this.#notify({ kind: "link", transport: this.#chooser.current, state: "waiting", ms, reason: error?.message });
    this.#retryTimer = setTimeout(() => this.#dispatch("retry"), ms);
  }

  #shut(): void {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#relinkTimer);
    clearTimeout(this.#publishTimer);
    const active = this.#active;
    this.#active = undefined;
    if (active) this.#track(active.drop());
    const error = this.#lastError ?? new LinkError("closed", "the session has been closed");
    this.#rejectSwap(error);
    this.#outbox.abandon(error);
    this.#notify({ kind: "link", transport: this.#chooser.current, state: "closed", reason: this.#lastError?.message });
  }

  #ended(attempt: Attempt, error: LinkError): void {
    this.#lastError = error;
    const { transport } = attempt;
    if (attempt === this.#active) {
      this.#active = undefined;
      clearInterval(this.#pingTimer);
      this.#meters.all.reconnected();
      this.#meters.of(transport).reconnected();
      this.#notify({ kind: "link", transport, state: "lost", reason: error.message });
      if (attempt.syncedAt !== undefined && performance.now() - attempt.syncedAt >= GOOD_MS) {
        this.#tries = 0;
        this.#chooser.good();
      } else {
        this.#chooser.failed(error);
      }
      this.#dispatch("lost");
    } else if (attempt === this.#candidate) {
      this.#candidate = undefined;
      // While there is an active link, a failed candidate says nothing about how to reconnect.
      const hopeless = this.#active ? false : this.#chooser.failed(error);
      if (this.#active) {
        this.#chooser.choose(this.#active.transport);
        this.#notify({ kind: "link", transport, state: "failed", reason: error.message });
      }
      this.#rejectSwap(error);
      const final = !error.retryable || (hopeless && !this.#everLive && !this.#options.wait);
      this.#dispatch(final ? "refused" : "failed");
    }
  }

  async #receive(attempt: Attempt, frames: readonly ServerFrame[]): Promise<void> {
    for (const frame of frames) {
      if (attempt !== this.#active && attempt !== this.#candidate) return;
      this.#handle(attempt, frame);
    }
    for (const pause of this.#readers) await pause();
  }

  #handle(attempt: Attempt, frame: ServerFrame): void {
    switch (frame.kind) {
      case "welcome":
        if (frame.version !== VERSION) throw wrongVersion(frame.version);
        this.#heartbeat = frame.heartbeat;
        return;
      case "topic":
        return this.#introduce(attempt, frame);
      case "event":
        return this.#accept(attempt, frame);
      case "synced":
        attempt.synced(2 * this.#heartbeat);
        if (attempt === this.#candidate) this.#dispatch("synced");
        return;
      case "pong":
      case "clock":
        return this.#answered(attempt, frame);
      case "ack":
        this.#outbox.acked(frame);
        return this.#flush();
      case "nack":
        return this.#refused(frame.number, new ProtocolError(frame.code, frame.message));
      case "error":
        return this.#notify(frame);
      default:
        // heartbeat and drain: that they came is all; more: the link itself asks on
        return;
    }
  }

  #introduce(attempt: Attempt, frame: TopicFrame): void {
    attempt.topics.set(frame.n, frame);
    const { topic, epoch, after, mode, key, from } = frame;
    if (!this.#topics.has(topic)) return;
    const gap = this.#gate.introduce(topic, epoch, after, frame.gap);
    this.#notify({ kind: "topic", topic, epoch, mode, key, source: from });
    if (!gap) return;
    if (!topic.startsWith("who:")) this.#gaps += 1;
    this.#notify({ kind: "gap", topic, ...gap });
  }

  #accept(attempt: Attempt, frame: EventFrame): void {
    const topic = attempt.topics.get(frame.n);
    if (!topic) throw new LinkError("broken", `the server sent an event of topic number ${frame.n} without naming it`);
    if (!this.#topics.has(topic.topic)) return;
    const { offset, body, superseded } = frame;
    const event: TopicEvent = {
      kind: "event",
      topic: topic.topic,
      offset,
      epoch: topic.epoch,
      at: topic.base + frame.at,
      from: frame.from === "" ? (topic.from ?? "") : frame.from,
      body,
      key: topic.key === undefined ? undefined : keyOf(body, topic.key),
      superseded,
    };
    const passage = this.#gate.accept(topic.topic, event);
    if (passage.kind === "duplicate") {
      attempt.duplicates += 1;
      this.#duplicates += 1;
    } else if (passage.kind === "hold") {
      // Something is missing: a new link at the cursor fetches it, while this one goes on.
      this.#relink();
    } else {
      for (const passed of passage.events) this.#deliver(attempt, passed);
    }
  }

  #deliver(attempt: Attempt, event: TopicEvent): void {
    const meter = this.#meters.of(attempt.transport);
    this.#meters.all.delivered();
    meter.delivered();
    const offset = this.#clock.value;
    // What was replayed is old; only what came live tells how long delivery takes.
    if (attempt.syncedAt !== undefined && attempt === this.#active && offset !== undefined) {
      const ms = Math.max(0, Date.now() + offset - event.at);
      this.#meters.all.deliveryTook(ms);
      meter.deliveryTook(ms);
    }
    this.#notify(event);
  }

  #answered(attempt: Attempt, { kind, id, time }: { kind: "pong" | "clock"; id: number; time: number }): void {
    const sentAt = this.#sentPings.get(id);
    if (sentAt === undefined) return;
    const now = performance.now();
    const rtt = now - sentAt;
    this.#clock.add(Date.now() - rtt, time, Date.now());
    if (kind === "clock" || attempt !== this.#active) return;
    this.#sentPings.delete(id);
    this.#meters.all.roundTrip(rtt);
    this.#meters.of(attempt.transport).roundTrip(rtt);
  }

  #refused(number: number, error: ProtocolError): void {
    if (!error.retryable) return this.#outbox.refused(number, error);
    if (error.code === "out-of-order") this.#outbox.beyond(number);
    // One retry for however many were refused together.
    this.#publishTimer ??= setTimeout(
      () => {
        this.#publishTimer = undefined;
        this.#outbox.rewind();
        this.#flush();
      },
      error.code === "out-of-order" ? 0 : Math.random() * RETRY_PUBLISH_MS,
    );
  }

  #flush(): void {
    if (!this.#publishing && this.#publishTimer === undefined) this.#track(this.#sendOutbox());
  }

  async #sendOutbox(): Promise<void> {
    this.#publishing = true;
    // What is published in one turn goes out together.
    await Promise.resolve();
    while (this.#active && this.#outbox.hasUnsent && this.#publishTimer === undefined) {
      const attempt = this.#active;
      try {
        await attempt.send(this.#outbox.take(SEND));
      } catch (error) {
        attempt.fail(linkError(error));
        // Until the session has noticed, there is nobody to send to.
        if (attempt === this.#active) break;
      }
    }
    this.#publishing = false;
  }

  #ping(): void {
    clearInterval(this.#pingTimer);
    const every = Math.min(this.#options.pingInterval ?? 5_000, this.#heartbeat);
    this.#pingTimer = setInterval(() => this.#track(this.#pingOnce()), every);
    this.#track(this.#pingOnce());
  }

  async #pingOnce(): Promise<void> {
    const attempt = this.#active;
    if (!attempt) return;
    const id = ++this.#pings;
    this.#sentPings.set(id, performance.now());
    if (this.#sentPings.size > PINGS) this.#sentPings.delete(this.#sentPings.keys().next().value!);
    try {
      await attempt.send([{ kind: "ping", id }]);
    } catch (error) {
      attempt.fail(linkError(error));
    }
  }

  #swapTo(transport: TransportName, announced: boolean): Promise<SwapNotice> {
    this.#rejectSwap(new LinkError("closed", "another swap took its place"));
    const settled = Promise.withResolvers<SwapNotice>();
    if (this.#state === "closed") {
      settled.reject(new LinkError("closed", "the session has been closed"));
      return settled.promise;
    }
    this.#pendingSwap = { from: this.status.transport, transport, since: performance.now(), announced, settled };
    if (this.#started) this.#dispatch("swap");
    return settled.promise;
  }

  #rejectSwap(error: LinkError): void {
    const pending = this.#pendingSwap;
    this.#pendingSwap = undefined;
    pending?.settled.reject(error);
  }

  // A new link of the same transport, for other topics or for what is missing. Several wishes of one turn become one link.
  #relink(): void {
    if (this.#relinking || !this.#started) return;
    this.#relinking = true;
    queueMicrotask(() => {
      this.#relinking = false;
      if (this.#state === "closed" || this.#topics.size === 0) return;
      // A swap on its way is made anew, so that its link reads the right topics.
      if (this.#pendingSwap) this.#dispatch("swap");
      else this.#swapTo(this.status.transport, false).catch(() => this.#relinkLater());
    });
  }

  // The old link goes on without what was wanted: try again, unless something else has brought a new link meanwhile.
  #relinkLater(): void {
    clearTimeout(this.#relinkTimer);
    this.#relinkTimer = setTimeout(() => {
      const read = this.#active?.hello().topics;
      const complete = this.#gate.held === 0 && [...this.#topics.keys()].every((topic) => read?.has(topic));
      if (this.#state === "live" && !complete) this.#relink();
    }, backoff(2, 0));
  }

  #notify(notice: Notice): void {
    for (const listener of this.#listeners) {
      try {
        listener(notice);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  #track(task: Promise<unknown>): void {
    this.#tasks.add(task);
    task.finally(() => this.#tasks.delete(task)).catch(() => {});
  }
}

function keyOf(body: Body, field: string): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  const key = (body as { readonly [name: string]: unknown })[field];
  return typeof key === "string" ? key : undefined;
}

function linkError(error: unknown): LinkError {
  return error instanceof LinkError ? error : new LinkError("closed", String(error), { cause: error });
}

function wrongVersion(version: number): LinkError {
  const refusal = new ProtocolError(
    "unsupported-version",
    `the server speaks version ${version} of the protocol, this client version ${VERSION}: use the same backchat on both sides`,
  );
  return new LinkError("refused", refusal.message, { refusal });
}
