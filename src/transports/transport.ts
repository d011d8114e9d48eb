// What clients, servers and transports meet at. Everything else about a transport is inside its folder.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import type { ProtocolError } from "../protocol/errors.ts";
import type {
  Ack,
  ClientFrame,
  ErrorFrame,
  Nack,
  Pong,
  Publish,
  ServerFrame,
} from "../protocol/frames.ts";
import type { Hello, LinkName } from "../protocol/hello.ts";

/** All transports, in the order in which a swap walks through them. */
export const TRANSPORTS = ["websocket", "sse", "long-polling", "polling"] as const;

export type TransportName = (typeof TRANSPORTS)[number];

/** Bytes at the raw TCP sockets, below any TLS, headers and framing included. */
export interface Bytes {
  readonly down: number;
  readonly up: number;
}

/** The way to one server, which a session lends to its links: every byte of it is counted. */
export interface Wire extends AsyncDisposable {
  /** `http:` or `https:`, no path. */
  readonly origin: URL;
  /** One pool for all HTTP of the session, so that connections are reused. To be looked up before each request. */
  readonly pool: Dispatcher;
  /** Connections that wait to be used again aren't any more: something has been silent, and so may they be. What is under way goes on. */
  renew(): void;
  /** A connected (or connecting) socket of one's own, for what isn't HTTP. */
  dial(): Socket;
  /** Sum over all sockets so far. */
  bytes(): Bytes;
}

/** What a session lends to a link when it opens. */
export interface LinkRequest {
  readonly wire: Wire;
  /** Topics with the session's positions as they are now: links that ask again read it again. */
  readonly hello: () => Hello;
  /** ms between polls, for transports that poll; to be looked up before each. */
  readonly pollInterval: { readonly min: number; readonly max: number };
  /** ms without an answer that end a link; to be looked up before each request. Absent: the transport's own patience. */
  readonly silenceMs?: number | undefined;
}

/**
 * One live path. It dies once: `frames` ends or throws a {@link LinkError}, and nothing revives it.
 * Disposing it closes it; that never throws.
 */
export interface ClientLink extends AsyncDisposable {
  /** Batches of frames as they came. An empty batch is a sign of life. Read by one reader at a time. */
  readonly frames: AsyncIterable<readonly ServerFrame[]>;
  /**
   * Send frames in order. Answers (acks, pongs) come in `frames`. Resolves when the frames have been handed over.
   * @throws LinkError when the link can't carry them any more
   */
  send(frames: readonly ClientFrame[]): Promise<void>;
}

export interface ClientTransport {
  readonly name: TransportName;
  /**
   * Open a link. It isn't good before a `synced` frame came.
   * @throws LinkError
   */
  open(request: LinkRequest, signal: AbortSignal): Promise<ClientLink>;
}

/**
 * Why a link failed.
 * `unreachable`: no connection · `refused`: the server said no, see `cause` · `blocked`: something answered that isn't this
 * server's answer · `closed`: it ended · `silent`: nothing came for too long · `broken`: what came makes no sense
 */
export type LinkFailure = "unreachable" | "refused" | "blocked" | "closed" | "silent" | "broken";

/** A link failed. `message` is one line for a person. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly failure: LinkFailure;
  /** The server's own word, where it is the reason. */
  readonly refusal: ProtocolError | undefined;
  /** The server's floor for the next try, in ms. */
  readonly after: number;

  constructor(
    failure: LinkFailure,
    message: string,
    details: {
      refusal?: ProtocolError | undefined;
      after?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.failure = failure;
    this.refusal = details.refusal;
    this.after = details.after ?? details.refusal?.after ?? 0;
  }

  /** Whether trying again can help. */
  get retryable(): boolean {
    return this.refusal?.retryable ?? true;
  }
}

/** Frames on their way out, encoded once for each wire format however many readers share them. */
export interface Chunk {
  /** JSON, one frame each. */
  readonly lines: readonly string[];
  /** Offsets of the events, one for each line; absent where the chunk holds other frames. */
  readonly offsets?: readonly number[] | undefined;
  /** What `encode` makes of the lines, made on the first call for each `format`. */
  encoded(format: string, encode: (lines: readonly string[]) => Buffer): Buffer;
}

/** Where a server's reader writes to: the outgoing half of one link. */
export interface Sink {
  /** True while too much is waiting to be sent. The reader then stops, and goes on at {@link ServerReader.drained}. */
  readonly full: boolean;
  /** @param idOf the `id:` of an event with this offset, for formats that carry one */
  write(chunk: Chunk, idOf: (offset: number) => string): void;
  /**
   * The replay is done; the `synced` frame has been written.
   * @param id the `id:` of this place
   */
  synced?(id: string): void;
  /** The server ends the link, because of `error` or for a polite goodbye. */
  end(error?: ErrorFrame): void;
}

/** A subscriber of the hub, made for one link. */
export interface ServerReader {
  /** The sink has room again. */
  drained(): void;
  /** A sign of life of the client. */
  heard(): void;
  /** Write a frame of the link's own, past the log. */
  send(frame: Ack | Nack | Pong | ErrorFrame): void;
  /** The positions now, as a cursor. */
  cursor(): string;
  /** End the link from this side, and say why. */
  end(error: ErrorFrame): void;
  /** The link is gone. */
  close(): void;
}

/** Who publishes. */
export interface Publisher {
  readonly nick: string | undefined;
  readonly identity: string | undefined;
}

/** The server, as transports see it. */
export interface ServerHub {
  /** ms: no stream is silent for longer. */
  readonly heartbeat: number;
  /**
   * Begin to read for a link.
   * @param style `stream`: greets, heartbeats, declares silent clients dead; `poll`: one answer
   * @throws ProtocolError
   */
  open(hello: Hello, sink: Sink, style: "stream" | "poll"): ServerReader;
  /** Append; one answer for each frame, in order. Never rejects. */
  publish(frames: readonly Publish[], publisher: Publisher): Promise<(Ack | Nack)[]>;
  /** The server's clock, ms since 1970. */
  now(): number;
  /** Send a pong the way the link's events go. */
  ping(link: LinkName, id: number): Pong;
  /** End a session's presence now. */
  bye(session: string): void;
  /** Be told of a fault that nobody expected. */
  failed(error: unknown): void;
}

/** Where a server transport hangs itself in. Handlers may throw ProtocolError: it is answered as such. */
export interface ServerRoutes {
  get(
    path: string,
    handler: (request: IncomingMessage, response: ServerResponse, url: URL) => void,
  ): void;
  upgrade(
    path: string,
    handler: (request: IncomingMessage, socket: Duplex, head: Buffer, url: URL) => void,
  ): void;
}

export interface ServerTransport {
  readonly name: TransportName;
  mount(routes: ServerRoutes, hub: ServerHub): void;
}
