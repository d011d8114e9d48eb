import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";

export interface FakeServer extends AsyncDisposable {
  readonly url: URL;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
}

export interface FakeAnswers {
  /** Answers every plain request. */
  readonly request?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Talks on every WebSocket. */
  readonly websocket?: (websocket: WebSocket) => void;
  /** Instead: answers every upgrade by hand. */
  readonly upgrade?: (socket: Duplex) => void;
}

/** Somebody who isn't a backchat server. */
export async function startFakeServer({
  request,
  websocket,
  upgrade,
}: FakeAnswers): Promise<FakeServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    asked.push(incoming.url ?? "");
    request?.(incoming, response);
  });
  const websockets = new WebSocketServer({ noServer: true });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    asked.push(incoming.url ?? "");
    if (upgrade) upgrade(socket);
    else websockets.handleUpgrade(incoming, socket, head, (ws) => websocket?.(ws));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
