import type { IncomingMessage } from "node:http";
import { type ClientOptions, WebSocket } from "ws";
import { encodeClientFrame, type ClientFrame, type ServerFrame } from "../../protocol/frames.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { parseServerFrames } from "../../protocol/parse.ts";
import { Ending, linkErrorOf, refusedBy } from "../shared/client/ending.ts";
import { errorIn, notOurs, openingOf } from "../shared/client/http.ts";
import { Inbox } from "../shared/client/inbox.ts";
import { type ClientLink, type ClientTransport, LinkError } from "../transport.ts";

/** Messages that wait to be read; beyond it the socket isn't read from. */
const UNREAD = 64;
const HANDSHAKE_MS = 10_000;
/** How long a polite close may take, in ms. */
const CLOSE_MS = 1_000;

/** WebSocket: frames both ways over one connection of its own. */
export const websocketClient: ClientTransport = {
  name: "websocket",
  async open({ wire, hello }, signal) {
    if (signal.aborted) throw linkErrorOf(signal.reason);
    const { path, headers } = openingOf("websocket", hello());
    const url = new URL(path, wire.origin);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const createConnection: NonNullable<ClientOptions["createConnection"]> = () => wire.dial();
    const websocket = new WebSocket(url, {
      headers,
      createConnection,
      perMessageDeflate: false,
      maxPayload: 4 * LIMITS.messageBytes,
      handshakeTimeout: HANDSHAKE_MS,
    });
    // Frames may come in the same packet as the handshake's answer: listen before anything is awaited.
    const link = new WebSocketLink(websocket);
    const abort = () => websocket.terminate();
    signal.addEventListener("abort", abort, { once: true });
    try {
      await opened(websocket);
      return link;
    } catch (error) {
      if (signal.aborted) throw linkErrorOf(signal.reason);
      throw handshakeError(error);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  },
};

class WebSocketLink implements ClientLink {
  readonly frames: AsyncIterable<readonly ServerFrame[]>;
  readonly #websocket: WebSocket;
  readonly #inbox = new Inbox();
  readonly #closed = Promise.withResolvers<void>();

  constructor(websocket: WebSocket) {
    this.#websocket = websocket;
    const inbox = this.#inbox;
    this.frames = inbox;
    const ending = new Ending();
    websocket.on("message", (data) => {
      try {
        // ws gives one Buffer a message as long as binaryType is left at its default.
        const frames = parseServerFrames((data as Buffer).toString());
        ending.hear(frames);
        const handled = inbox.put(frames);
        if (inbox.size < UNREAD) return;
        websocket.pause();
        void handled.then(() => websocket.resume());
      } catch (error) {
        inbox.end(linkErrorOf(error));
        websocket.terminate();
      }
    });
    websocket.on("error", (error) => inbox.end(ending.reason(linkErrorOf(error))));
    websocket.on("close", (code) => {
      inbox.end(ending.reason(new LinkError("closed", `the connection was closed (code ${code})`)));
      this.#closed.resolve();
    });
  }

  async send(frames: readonly ClientFrame[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // One frame a message: what the server can't read of one leaves the others alone, and none grows too large.
    for (const [index, frame] of frames.entries()) {
      this.#websocket.send(encodeClientFrame(frame), (error) => {
        if (error) reject(linkErrorOf(error));
        else if (index === frames.length - 1) resolve();
      });
    }
    if (frames.length > 0) await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inbox.discard();
    if (this.#websocket.readyState === WebSocket.CLOSED) return;
    // Only who reads comes to the answer.
    this.#websocket.resume();
    this.#websocket.close(1000);
    const timer = setTimeout(() => this.#websocket.terminate(), CLOSE_MS);
    await this.#closed.promise;
    clearTimeout(timer);
  }
}

function opened(websocket: WebSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  websocket.once("open", () => resolve());
  websocket.once("error", reject);
  websocket.once("unexpected-response", (request, response: IncomingMessage) => {
    void explain(response)
      .then(reject, reject)
      .finally(() => request.destroy());
  });
  return promise;
}

// A refusal of our server says why; anything else is somebody in between.
async function explain(response: IncomingMessage): Promise<LinkError> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > LIMITS.frameBytes) break;
  }
  const error = errorIn(text);
  return error
    ? refusedBy(error)
    : notOurs(response.statusCode ?? 0, response.headers["content-type"] ?? "");
}

// What ws finds wrong with the answer to its handshake has no code.
function handshakeError(error: unknown): LinkError {
  if (!(error instanceof Error) || error instanceof LinkError || "code" in error)
    return linkErrorOf(error);
  const failure = error.message.includes("timed out") ? "silent" : "blocked";
  return new LinkError(failure, error.message, { cause: error });
}
