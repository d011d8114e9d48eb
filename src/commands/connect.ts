import type { Notice, SwapNotice } from "../client/events.ts";
import type { Acked } from "../client/outbox.ts";
import { Session, type Stats, type Status } from "../client/session.ts";
import { TopicFeeds } from "../client/topic-feeds.ts";
import type { TopicItem } from "../client/topic-queue.ts";
import type { Since } from "../protocol/cursor.ts";
import type { Body } from "../protocol/frames.ts";
import { parseNick, parseTopic } from "../protocol/names.ts";
import { openWire } from "../transports/shared/client/wire.ts";
import { LinkError, type TransportName, type Wire } from "../transports/transport.ts";
import { parseAddress } from "./address.ts";
import { CLIENT_TRANSPORTS } from "./transports.ts";

export interface ConnectOptions {
  /** The name to be seen and to publish under. Without one it is a silent reader, and publishes as `anonymous`. */
  readonly nick?: string | undefined;
  /** A secret of 16 to 128 printable characters that the nick is leased to. Without it nobody keeps others from using the nick. */
  readonly identity?: string | undefined;
  /** `auto` begins with WebSocket and goes on to what the path carries. @default "auto" */
  readonly transport?: TransportName | "auto" | undefined;
  /** When the server can't be reached at the start: try for as long as it takes, instead of failing. @default false */
  readonly wait?: boolean | undefined;
  /** ms between polls, where that is the transport: soon after something came, later while nothing does. @default 500 to 4000 */
  readonly pollInterval?: { readonly min: number; readonly max: number } | undefined;
  /** ms between pings, which measure the round trip. @default 5000 */
  readonly pingInterval?: number | undefined;
  /** Gives up connecting. Has no effect after that. */
  readonly signal?: AbortSignal | undefined;
}

export interface TopicOptions {
  /** Where to begin: `now`, the `beginning`, or so many events back. Feeds always begin with the newest of each key. @default "now" */
  readonly since?: Since | undefined;
}

/**
 * Connect to a server.
 * @param url `http://HOST:PORT` or `https://…`
 * @returns a session that is live, and stays so by itself: it reconnects for as long as it takes, until it is closed
 * @throws LinkError when there is no such server, or it refuses: `refusal` says why, and may suggest a free nick ·
 * ProtocolError for a wrong nick · UsageError for a wrong address · the signal's reason
 */
export async function connect(
  url: URL | string,
  options: ConnectOptions = {},
): Promise<Connection> {
  const { signal, nick, ...rest } = options;
  signal?.throwIfAborted();
  const wire = openWire(parseAddress(String(url)));
  const session = new Session({
    ...rest,
    wire,
    nick: nick === undefined ? undefined : parseNick(nick),
    transports: CLIENT_TRANSPORTS,
    topics: new Map(),
  });
  const connection = new Connection(session, wire);
  try {
    await live(session, signal);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** A session with a server, whatever links it takes. */
export class Connection implements AsyncDisposable {
  readonly #session: Session;
  readonly #wire: Wire;
  readonly #feeds: TopicFeeds;

  /** Use {@link connect}. */
  constructor(session: Session, wire: Wire) {
    this.#session = session;
    this.#wire = wire;
    this.#feeds = new TopicFeeds(session);
  }

  /**
   * A topic to read and to publish to: `room:lobby`, `feed:market`. Nothing is read before a loop asks for it.
   * @throws ProtocolError `bad-topic`
   */
  topic(name: string, { since = "now" }: TopicOptions = {}): Topic {
    return new Topic(this.#session, this.#feeds, parseTopic(name), since);
  }

  /**
   * Move to another transport while everything goes on.
   * @returns the measured swap; rejects with LinkError if the new link failed: the old one then goes on
   */
  swap(transport: TransportName): Promise<SwapNotice> {
    return this.#session.swap(transport);
  }

  /** Be seen and publish under another nick. Rejects with LinkError if it is refused: the old one stays. */
  rename(nick: string): Promise<void> {
    return this.#session.rename(nick);
  }

  /** Where it stands: state, transport, nick, and how many publishes aren't acknowledged yet. */
  get status(): Status {
    return this.#session.status;
  }

  /** Measured since the start: round trips and delivery (ms), bytes on the wire, swaps, reconnects, gaps. */
  get stats(): Stats {
    return this.#session.stats;
  }

  /**
   * Hear everything in the order in which it happens: events, gaps, links, swaps. A listener that can't keep up holds everything up.
   * @returns a function that stops listening
   */
  listen(listener: (notice: Notice) => void): () => void {
    return this.#session.listen(listener);
  }

  /** End it: loops end, what isn't acknowledged is given up, and nothing of it keeps the process alive. */
  async close(): Promise<void> {
    await this.#session.close();
    await this.#wire[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * A topic of a session. A loop over it gets each event once and in order, and a `gap` for what can't be had any more:
 *
 *     for await (const item of session.topic("room:lobby", { since: 20 })) {
 *       if (item.kind === "event") console.log(item.from, item.body);
 *     }
 *
 * It ends when the session is closed, and throws LinkError when the session ended by itself. Leaving the loop stops reading. A loop that
 * is slow is only behind: what it hasn't taken waits on the server. Several loops may read a topic at once; the first one decides where
 * reading begins.
 */
export class Topic implements AsyncIterable<TopicItem> {
  /** `room:lobby` */
  readonly name: string;
  readonly #session: Session;
  readonly #feeds: TopicFeeds;
  readonly #since: Since;

  /** Use {@link Connection.topic}. */
  constructor(session: Session, feeds: TopicFeeds, name: string, since: Since) {
    this.#session = session;
    this.#feeds = feeds;
    this.name = name;
    this.#since = since;
  }

  /**
   * Publish a text (or `{text, …}`), or to a feed an object with a `key`. Sent as soon as there is a link, and again until it is kept.
   * @returns where it is kept, once it is; rejects with ProtocolError when the server refuses it, LinkError when the session ends before
   */
  async publish(body: Body | string): Promise<Acked> {
    return this.#session.publish(this.name, body);
  }

  [Symbol.asyncIterator](): AsyncGenerator<TopicItem, void, void> {
    return this.#feeds.read(this.name, this.#since);
  }
}

async function live(session: Session, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal?.reason as Error);
  const stop = session.listen((notice) => {
    if (notice.kind !== "link") return;
    if (notice.state === "live") resolve();
    if (notice.state === "closed")
      reject(session.failure ?? new LinkError("closed", "the session has been closed"));
  });
  signal?.addEventListener("abort", abort, { once: true });
  try {
    session.start();
    await promise;
  } finally {
    stop();
    signal?.removeEventListener("abort", abort);
  }
}
