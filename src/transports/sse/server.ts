import type { ServerResponse } from "node:http";
import type { ErrorFrame } from "../../protocol/frames.ts";
import { parseHello } from "../../protocol/hello.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Chunk, ServerTransport, Sink } from "../transport.ts";

/** Server-Sent Events: an endless answer, delimited by the end of the connection (chunks would cost 6 bytes an event). */
export const sseServer: ServerTransport = {
  name: "sse",
  mount(routes, hub) {
    routes.get("/v1/sse", (request, response, url) => {
      const lastEventId = request.headers["last-event-id"];
      const hello = parseHello(url.searchParams, {
        authorization: request.headers.authorization,
        lastEventId: Array.isArray(lastEventId) ? lastEventId[0] : lastEventId,
      });
      const sink = new SseSink(response, hello.link === undefined);
      if (request.method === "HEAD") {
        sink.end();
        return;
      }
      const reader = hub.open(hello, sink, "stream");
      sink.begin();
      response.on("drain", () => reader.drained());
      response.on("close", () => reader.close());
    });
  },
};

/** How long the last bytes may take to be read, in ms. */
const CLOSE_MS = 2_000;

class SseSink implements Sink {
  readonly #response: ServerResponse;
  readonly #ids: boolean;

  /** @param ids whether events carry their `id:` (a session keeps its cursor by the offsets) */
  constructor(response: ServerResponse, ids: boolean) {
    this.#response = response;
    this.#ids = ids;
  }

  /** Answer, unless something has been written already. Not before the hub has let the link in: a refusal is an answer of its own. */
  begin(): void {
    const response = this.#response;
    if (response.headersSent) return;
    response.removeHeader("transfer-encoding");
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      connection: "close",
    });
    response.flushHeaders();
  }

  get full(): boolean {
    return this.#response.writableLength > LIMITS.pageBytes;
  }

  write(chunk: Chunk, idOf: (offset: number) => string): void {
    this.begin();
    if (this.#ids && chunk.offsets) {
      const { offsets } = chunk;
      this.#response.write(
        chunk.lines.map((line, index) => `id:${idOf(offsets[index]!)}\ndata:${line}\n\n`).join(""),
      );
    } else {
      this.#response.write(chunk.encoded("sse", encode));
    }
  }

  // Without data it isn't dispatched, but a browser remembers it: what comes while it reconnects isn't missed.
  synced(id: string): void {
    if (this.#ids) this.#response.write(`id:${id}\n\n`);
  }

  end(error?: ErrorFrame): void {
    const response = this.#response;
    this.begin();
    response.end(error ? encode([JSON.stringify(error)]) : undefined);
    // Whoever doesn't read doesn't see the end either.
    const timer = setTimeout(() => response.destroy(), CLOSE_MS);
    response.once("close", () => clearTimeout(timer));
  }
}

function encode(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `data:${line}\n\n`).join(""));
}
