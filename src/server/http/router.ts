import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ERRORS, ProtocolError } from "../../protocol/errors.ts";
import { VERSION } from "../../protocol/limits.ts";
import { quote } from "../../protocol/names.ts";
import type { ServerRoutes } from "../../transports/transport.ts";
import { StoreError } from "../store/store.ts";
import type { Guard } from "./guard.ts";
import { Turns } from "./turns.ts";

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => void | Promise<void>;
type UpgradeHandler = Parameters<ServerRoutes["upgrade"]>[1];

/** Idle connections are kept for longer than any client's pause between two polls, in ms. */
const KEEP_ALIVE_MS = 65_000;
/** How long a request may take to come in, in ms. */
const REQUEST_MS = 30_000;
/** How often that is looked at, in ms. */
const LOOK_MS = 2_000;
/** An answer of which nothing more is taken for so long, in ms, is given up, and its connection; it may be twice as long. */
const UNREAD_MS = 15_000;
/** The longest hello (64 topics of 64 characters, each 12 characters when it is percent-encoded) and some more. */
const HEADER_BYTES = 64 * 1024;

/** The one HTTP server: routes by path, answers every error as JSON. */
export class Router implements ServerRoutes {
  readonly server: Server;
  readonly #routes = new Map<
    string,
    { readonly method: "GET" | "POST"; readonly handler: Handler }
  >();
  readonly #upgrades = new Map<string, UpgradeHandler>();
  /** Sockets that have left HTTP: the server closes only the others. */
  readonly #upgraded = new Set<Duplex>();
  readonly #turns = new Turns();
  readonly #guard: Guard;
  readonly #failed: (error: unknown) => void;
  readonly #ready = Promise.withResolvers<void>();

  /** @param failed told of faults that a handler didn't expect */
  constructor(guard: Guard, failed: (error: unknown) => void) {
    this.#guard = guard;
    this.#failed = failed;
    // Nobody may be waiting when it is given up.
    this.#ready.promise.catch(() => {});
    this.server = createServer({
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: LOOK_MS,
      maxHeaderSize: HEADER_BYTES,
      // Any other protocol is an offer (curl --http2 makes one) that may be passed over.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === "websocket",
    });
    this.server.on("request", (request, response) => void this.#answer(request, response));
    this.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgraded.add(socket);
      socket.once("close", () => this.#upgraded.delete(socket));
      // Until a handler has taken over, a reset of the connection has no other listener.
      socket.on("error", () => socket.destroy());
      // What is still to be answered would be written into the middle of the WebSocket.
      if (this.#turns.isBusy(request.socket)) socket.destroy();
      else void this.#upgrade(request, socket, head);
    });
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
      // What was sent before may be half an answer: nothing can be told then.
      if ((socket as Socket).bytesWritten > 0) {
        socket.destroy();
        return;
      }
      const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
      const expected = tooLarge ? `headers of at most ${HEADER_BYTES} bytes` : "an HTTP request";
      refuse(socket, new ProtocolError("bad-request", `expected ${expected}`));
    });
  }

  get(path: string, handler: Handler): void {
    this.#routes.set(path, { method: "GET", handler });
  }

  post(path: string, handler: Handler): void {
    this.#routes.set(path, { method: "POST", handler });
  }

  upgrade(path: string, handler: UpgradeHandler): void {
    this.#upgrades.set(path, handler);
  }

  /** All routes are there: requests that came before wait for this. */
  ready(): void {
    this.#ready.resolve();
  }

  /** Stop listening and cut what is open; requests that wait for {@link ready} are refused. */
  close(): void {
    this.#ready.reject(new ProtocolError("draining", "the server could not start"));
    this.server.close();
    this.server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await this.#turns.take(request, response))) return;
    // What the answer before this one was given to be read has nothing to do with it.
    request.socket.setTimeout(0);
    response.once("prefinish", () => request.socket.setTimeout(UNREAD_MS));
    try {
      await this.#ready.promise;
      const url = urlOf(request);
      this.#guard(request);
      const route = this.#routes.get(url.pathname);
      if (!route) throw this.#notFound(url);
      const method = request.method === "HEAD" ? "GET" : request.method;
      if (method !== route.method) {
        throw new ProtocolError(
          "method",
          `${url.pathname} takes ${route.method}, got ${String(request.method)}`,
        );
      }
      await route.handler(request, response, url);
    } catch (error) {
      const known = this.#explain(error);
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      sendError(response, known);
      // A body that nobody is going to read must not block the connection.
      request.resume();
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    try {
      await this.#ready.promise;
      const url = urlOf(request);
      this.#guard(request);
      const handler = this.#upgrades.get(url.pathname);
      if (!handler) throw this.#notFound(url);
      handler(request, socket, head, url);
    } catch (error) {
      refuse(socket, this.#explain(error));
    }
  }

  #notFound({ pathname }: URL): ProtocolError {
    const version = /^\/v(\d+)\//.exec(pathname)?.[1];
    if (version !== undefined && Number(version) !== VERSION) {
      return new ProtocolError(
        "unsupported-version",
        `this server speaks version ${VERSION} of the protocol, the client version ${version}: use a backchat of the same major version on both sides`,
      );
    }
    if (this.#routes.has(pathname)) {
      return new ProtocolError(
        "method",
        `${pathname} takes a plain request, got a WebSocket upgrade`,
      );
    }
    if (this.#upgrades.has(pathname)) {
      return new ProtocolError(
        "method",
        `${pathname} takes a WebSocket upgrade, got a plain request`,
      );
    }
    const paths = [...this.#routes.keys(), ...this.#upgrades.keys()].join(" ");
    return new ProtocolError("not-found", `no such path ${quote(pathname)}: there are ${paths}`);
  }

  #explain(error: unknown): ProtocolError {
    if (error instanceof ProtocolError) return error;
    this.#failed(error);
    const message =
      error instanceof StoreError
        ? error.message
        : "the server failed to answer this request; its log says why";
    return new ProtocolError("internal", message);
  }
}

// A refusal where there is no response to write to; the connection ends with it, whatever the other side does.
function refuse(socket: Duplex, error: ProtocolError): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status } = ERRORS[error.code];
  const body = `${JSON.stringify(errorBody(error))}\n`;
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Answer with an error as PROTOCOL.md, section 7, has it. */
function sendError(response: ServerResponse, error: ProtocolError): void {
  sendJson(response, errorBody(error), ERRORS[error.code].status);
}

/** Answer with one JSON value on one line. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  send(response, "application/json", `${JSON.stringify(value)}\n`, status);
}

/** Answer with frames, one a line. */
export function sendLines(response: ServerResponse, lines: readonly string[], status = 200): void {
  send(response, "application/x-ndjson", `${lines.join("\n")}\n`, status);
}

function send(response: ServerResponse, type: string, text: string, status: number): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "content-length": body.length,
  });
  response.end(body);
}

function errorBody({ code, message, suggestion, after }: ProtocolError): object {
  return { kind: "error", code, message, suggestion, after };
}

/** A whole number of a URL's query. @throws ProtocolError `bad-request` */
export function wholeNumber(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new ProtocolError(
    "bad-request",
    `expected ${name} to be a whole number, got ${quote(text)}`,
  );
}

function urlOf(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? "/", "http://server");
  if (!url)
    throw new ProtocolError("bad-request", `expected a path, got ${quote(request.url ?? "")}`);
  return url;
}
