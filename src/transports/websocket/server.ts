import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { ERRORS, isErrorCode, ProtocolError } from "../../protocol/errors.ts";
import type { ErrorFrame, Publish } from "../../protocol/frames.ts";
import { type Hello, parseHello } from "../../protocol/hello.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { parseClientFrame } from "../../protocol/parse.ts";
import type { Chunk, ServerHub, ServerReader, ServerTransport, Sink } from "../transport.ts";

/** Publishes of one link that wait for their acks; beyond it the link isn't read from. */
const UNACKED = 1_024;
/** How long a closing handshake may take, in ms. */
const CLOSE_MS = 2_000;

/** WebSocket: text messages of one or more frames, one a line, both ways. */
export const websocketServer: ServerTransport = {
  name: "websocket",
  mount(routes, hub) {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: LIMITS.messageBytes,
      perMessageDeflate: false,
    });
    routes.upgrade(
      "/v1/websocket",
      (request: IncomingMessage, socket: Duplex, head: Buffer, url: URL) => {
        const hello = parseHello(url.searchParams, {
          authorization: request.headers.authorization,
        });
        // Opened before the upgrade is answered, so that a refusal is a plain HTTP answer.
        const sink = new WebSocketSink(socket);
        const reader = hub.open(hello, sink, "stream");
        const abandon = () => reader.close();
        socket.once("close", abandon);
        server.handleUpgrade(request, socket, head, (websocket) => {
          socket.off("close", abandon);
          sink.attach(websocket);
          receive(websocket, socket, reader, hub, hello);
        });
      },
    );
  },
};

class WebSocketSink implements Sink {
  readonly #socket: Duplex;
  #websocket: WebSocket | undefined;
  #early: Chunk[] = [];

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** The upgrade has been answered: what was written before goes out now. */
  attach(websocket: WebSocket): void {
    this.#websocket = websocket;
    for (const chunk of this.#early) this.write(chunk);
    this.#early = [];
  }

  get full(): boolean {
    return this.#socket.writableLength > LIMITS.pageBytes;
  }

  write(chunk: Chunk): void {
    if (!this.#websocket) this.#early.push(chunk);
    else this.#websocket.send(chunk.encoded("websocket", encode), { binary: false });
  }

  end(error?: ErrorFrame): void {
    const websocket = this.#websocket;
    if (!websocket) {
      this.#socket.destroy();
      return;
    }
    if (error) websocket.send(JSON.stringify(error));
    const rule = error && isErrorCode(error.code) ? ERRORS[error.code] : undefined;
    websocket.close(rule && "close" in rule ? rule.close : 1000);
    const timer = setTimeout(() => websocket.terminate(), CLOSE_MS);
    websocket.once("close", () => clearTimeout(timer));
  }
}

function receive(
  websocket: WebSocket,
  socket: Duplex,
  reader: ServerReader,
  hub: ServerHub,
  hello: Hello,
): void {
  let unacked = 0;
  let refused = false;
  const publish = async (frames: Publish[]) => {
    if (frames.length === 0) return;
    unacked += frames.length;
    if (unacked > UNACKED) websocket.pause();
    const answers = await hub.publish(frames, { nick: hello.nick, identity: hello.identity });
    unacked -= frames.length;
    if (websocket.isPaused && unacked <= UNACKED) websocket.resume();
    for (const answer of answers) reader.send(answer);
  };
  websocket.on("message", (data, isBinary) => {
    if (refused) return;
    reader.heard();
    // ws gives one Buffer a message as long as binaryType is left at its default.
    const message = data as Buffer;
    refused = hasTooManyLines(message);
    if (refused) {
      const expected = `expected at most ${LIMITS.publishesPerPost} frames in a message, one a line`;
      return reader.end({ kind: "error", code: "bad-request", message: expected });
    }
    const publishes: Publish[] = [];
    for (const line of linesOf(message, isBinary)) {
      try {
        const frame = parseClientFrame(line);
        if (frame.kind === "publish") publishes.push(frame);
        else if (frame.kind === "ping")
          reader.send({ kind: "pong", id: frame.id, time: hub.now() });
        else if (hello.link) hub.bye(hello.link.session);
      } catch (error) {
        reader.send(errorFrame(error, hub));
      }
    }
    void publish(publishes);
  });
  websocket.on("close", () => reader.close());
  // A broken frame or a reset: ws closes the connection, and "close" follows.
  websocket.on("error", () => reader.close());
  socket.on("drain", () => reader.drained());
}

// Counted before anything is made of them: reading a million bad lines would hold up everybody else.
function hasTooManyLines(message: Buffer): boolean {
  let lines = 1;
  for (let at = message.indexOf(10); at >= 0; at = message.indexOf(10, at + 1)) {
    if (++lines > LIMITS.publishesPerPost) return true;
  }
  return false;
}

function linesOf(message: Buffer, isBinary: boolean): string[] {
  if (isBinary) return ["(binary)"];
  return message
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

function errorFrame(error: unknown, hub: ServerHub): ErrorFrame {
  if (error instanceof ProtocolError) {
    return { kind: "error", code: error.code, message: error.message };
  }
  hub.failed(error);
  return { kind: "error", code: "internal", message: "the server failed to read this frame" };
}

function encode(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join("\n"));
}
