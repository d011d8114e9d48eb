import { encodeCursor, encodePosition, type Position } from "../protocol/cursor.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { Ack, Drain, ErrorFrame, Nack, Pong, Welcome } from "../protocol/frames.ts";
import type { Hello } from "../protocol/hello.ts";
import type { Chunk, ServerReader, Sink } from "../transports/transport.ts";
import { uptime } from "./clock.ts";
import { eventChunk, frameChunk, type Line } from "./chunk.ts";
import { StoreError } from "./store/store.ts";
import type { Beginning, Subscription } from "./topic.ts";
import type { Hold } from "./topics.ts";

/**
 * `replaying`: reads from the logs, not yet synced · `following`: synced; topics where it lags are read from the logs, the others are
 * written to as they move · `closed`: for good
 */
type State = "replaying" | "following" | "closed";

const HEARTBEAT = frameChunk({ kind: "heartbeat" });
/** Acks and nacks that may be added to a full link; whoever publishes on without reading them is sent away. */
const ANSWERS_OWED = 4_096;

/** What a reader needs of the hub around it. */
export interface ReaderHost {
  /** @throws ProtocolError */
  hold(name: string): Hold;
  closed(reader: Reader): void;
  heard(reader: Reader): void;
  failed(error: unknown): void;
}

/** One link's place in all of its topics. It is only ever behind: what it can't take now it reads later. */
export class Reader implements ServerReader {
  readonly hello: Hello;
  readonly #host: ReaderHost;
  readonly #sink: Sink;
  readonly #holds: Hold[] = [];
  readonly #subscriptions: Subscription[] = [];
  #state: State = "replaying";
  #pumping = false;
  #owed = 0;
  lastHeard = uptime();
  lastWrite = uptime();

  constructor(hello: Hello, sink: Sink, host: ReaderHost) {
    this.hello = hello;
    this.#sink = sink;
    this.#host = host;
  }

  /** The first frame of a stream. */
  greet(welcome: Welcome): void {
    this.#write(frameChunk(welcome));
  }

  /**
   * Find the places where reading begins, and begin.
   * @param greeting gives the frames to be written once the topics are there
   */
  start(greeting: () => readonly (Welcome | Pong)[]): void {
    this.#begin(greeting).catch((error: unknown) => this.#fail(error));
  }

  async #begin(greeting: () => readonly (Welcome | Pong)[]): Promise<void> {
    for (const name of this.hello.topics.keys()) this.#holds.push(this.#host.hold(name));
    const topics = await Promise.all(this.#holds.map(({ topic }) => topic));
    if (this.closed) return;
    for (const topic of topics) {
      const { offset, gap } = topic.begin(this.hello.topics.get(topic.name)!);
      const { drops } = topic;
      this.#subscriptions.push({ topic, reader: this, offset, gap, drops, base: undefined });
    }
    for (const frame of greeting()) this.#write(frameChunk(frame));
    for (const subscription of this.#subscriptions) {
      const pinned = typeof this.hello.topics.get(subscription.topic.name) === "object";
      if (subscription.gap || !pinned) this.#introduce(subscription);
    }
    await this.#pump();
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  /** Write new events of a topic on which this reader is live; where the link can't take them, they are read from the log later. */
  deliver(subscription: Subscription, chunk: Chunk): void {
    if (this.closed) return;
    if (this.#sink.full) {
      subscription.topic.live.delete(subscription);
      return;
    }
    if (subscription.base !== subscription.topic.base) this.#introduce(subscription);
    this.#write(chunk, subscription);
    subscription.offset = chunk.offsets!.at(-1)!;
  }

  drained(): void {
    this.#owed = 0;
    this.#pump().catch((error: unknown) => this.#fail(error));
  }

  heard(): void {
    this.lastHeard = uptime();
    this.#host.heard(this);
  }

  // A link that is full of what its client doesn't read gets no more pongs and errors, and only so many answers.
  send(frame: Ack | Nack | Pong | ErrorFrame | Drain): void {
    if (this.closed) return;
    if (this.#sink.full && frame.kind !== "drain") {
      if (frame.kind === "pong" || frame.kind === "error") return;
      if (++this.#owed > ANSWERS_OWED) {
        const message = `${ANSWERS_OWED} answers wait to be read: read them before publishing on`;
        return this.end({ kind: "error", code: "busy", message });
      }
    }
    this.#write(frameChunk(frame));
  }

  /** Break the silence, unless so much is waiting to be sent that there is none. */
  beat(): void {
    if (!this.closed && !this.#sink.full) this.#write(HEARTBEAT);
  }

  cursor(): string {
    return encodeCursor(
      this.#subscriptions.map(({ topic, offset }): [string, Position] => [
        topic.name,
        { epoch: topic.epoch, offset },
      ]),
    );
  }

  /** End the link from this side. */
  end(error?: ErrorFrame): void {
    if (this.closed) return;
    this.close();
    this.#sink.end(error);
  }

  close(): void {
    if (this.closed) return;
    this.#state = "closed";
    for (const subscription of this.#subscriptions) subscription.topic.live.delete(subscription);
    for (const hold of this.#holds) hold[Symbol.dispose]();
    this.#host.closed(this);
  }

  // A link that can't be read for any more would be silent for good: its client has to know, and come back.
  #fail(error: unknown): void {
    if (this.closed) return;
    if (error instanceof ProtocolError) {
      this.end({ kind: "error", code: error.code, message: error.message });
      return;
    }
    this.#host.failed(error);
    const message =
      error instanceof StoreError ? error.message : "the server failed to read the log";
    this.end({ kind: "error", code: "internal", message });
  }

  // Read on, topic by topic, until the link is full or all topics are live. Between finding a topic at its head and
  // going live on it nothing is awaited, so no event can slip through between the two.
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.closed && !this.#sink.full) {
        const behind = this.#subscriptions.find(
          (subscription) => !subscription.topic.live.has(subscription),
        );
        if (!behind) {
          this.#reachedHead();
          return;
        }
        const { topic } = behind;
        const { base, head } = topic;
        const missed = topic.missed(behind);
        if (missed) {
          this.#jump(behind, missed);
          continue;
        }
        const lines = topic.atHand(behind.offset) ?? (await topic.read(behind.offset));
        if (this.closed) return;
        // The times in these lines count from a base that has moved on since.
        if (topic.base !== base) continue;
        if (lines.length > 0) this.#replay(behind, lines);
        else if (behind.offset >= topic.head) topic.live.add(behind);
        // The topic may have moved on while it was read: what is beyond the head of before wasn't looked for.
        else if (behind.offset < head) this.#skip(behind, head);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #replay(subscription: Subscription, lines: readonly Line[]): void {
    const first = lines[0]!.offset;
    if (subscription.topic.mode === "log" && first > subscription.offset + 1) {
      this.#skip(subscription, first - 1);
    }
    if (subscription.base !== subscription.topic.base) this.#introduce(subscription);
    this.#write(eventChunk(lines), subscription);
    subscription.offset = lines.at(-1)!.offset;
  }

  // What lies between was trimmed while this reader was on its way to it.
  #skip(subscription: Subscription, to: number): void {
    const gap = { from: subscription.offset + 1, to, reason: "trimmed" } as const;
    this.#jump(subscription, { offset: to, gap });
  }

  #jump(subscription: Subscription, { offset, gap }: Beginning): void {
    subscription.offset = offset;
    subscription.gap = gap;
    subscription.drops = subscription.topic.drops;
    this.#introduce(subscription);
  }

  #reachedHead(): void {
    if (this.#state !== "replaying") return;
    this.#state = "following";
    this.#write(frameChunk({ kind: "synced", cursor: this.cursor() }));
    this.#sink.synced?.(this.#idAt(undefined, 0));
  }

  #introduce(subscription: Subscription): void {
    this.#write(frameChunk(subscription.topic.introduce(subscription)));
    subscription.base = subscription.topic.base;
    subscription.gap = undefined;
  }

  #write(chunk: Chunk, subscription?: Subscription): void {
    this.lastWrite = uptime();
    this.#sink.write(chunk, (offset) => this.#idAt(subscription, offset));
  }

  // All positions as they are once the event with this offset has been read.
  #idAt(subscription: Subscription | undefined, offset: number): string {
    return this.#subscriptions
      .map((other) =>
        encodePosition({
          epoch: other.topic.epoch,
          offset: other === subscription ? offset : other.offset,
        }),
      )
      .join(",");
  }
}
