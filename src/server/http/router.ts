import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import { ERRORS, ProtocolError } from "../../protocol/errors.ts";
import { VERSION } from "../../protocol/limits.ts";
import { quote } from "../../protocol/names.ts";
import type { ServerRoutes } from "../../transports/transport.ts";
import type { Guard } from "./guard.ts";

type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => void | Promise<void>;
type UpgradeHandler = Parameters<ServerRoutes["upgrade"]>[1];

/** Idle connections are kept for longer than any client's pause between two polls, in ms. */
const KEEP_ALIVE_MS = 65_000;

/** The one HTTP server: routes by path, answers every error as JSON. */
export class Router implements ServerRoutes {
  readonly server: Server;
  readonly #routes = new Map<
    string,
    { readonly method: "GET" | "POST"; readonly handler: Handler }
  >();
  readonly #upgrades = new Map<string, UpgradeHandler>();
  readonly #guard: Guard;
  readonly #failed: (error: unknown) => void;
  readonly #ready = Promise.withResolvers<void>();

  /** @param failed told of faults that a handler didn't expect */
  constructor(guard: Guard, failed: (error: unknown) => void) {
    this.#guard = guard;
    this.#failed = failed;
    this.server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 30_000 });
    this.server.on("request", (request, response) => void this.#answer(request, response));
    this.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#ready.promise.then(() => this.#upgrade(request, socket, head));
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#ready.promise;
    try {
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

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the handler has taken over, a reset of the connection has no other listener.
    const ignore = () => socket.destroy();
    socket.on("error", ignore);
    try {
      const url = urlOf(request);
      this.#guard(request);
      const handler = this.#upgrades.get(url.pathname);
      if (!handler) throw this.#notFound(url);
      handler(request, socket, head, url);
    } catch (error) {
      const known = this.#explain(error);
      const body = `${JSON.stringify(errorBody(known))}\n`;
      const { status } = ERRORS[known.code];
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
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
    return new ProtocolError(
      "internal",
      "the server failed to answer this request; its log says why",
    );
  }
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

function urlOf(request: IncomingMessage): URL {
  const url = URL.parse(request.url ?? "/", "http://server");
  if (!url)
    throw new ProtocolError("bad-request", `expected a path, got ${quote(request.url ?? "")}`);
  return url;
}
