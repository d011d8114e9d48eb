import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** Stands between a client and a server on this machine, as a middlebox, and counts what really passes. */
export interface CountingProxy extends AsyncDisposable {
  /** Where clients connect, on 127.0.0.1. */
  readonly port: number;
  /** Bytes from the server to clients. */
  readonly down: number;
  /** Bytes from clients to the server. */
  readonly up: number;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

export async function startCountingProxy(targetPort: number): Promise<CountingProxy> {
  const open = new Set<Socket>();
  let down = 0;
  let up = 0;

  // Half-open: when one side has said its last word the other may still speak.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    client.on("data", (bytes) => (up += bytes.length));
    target.on("data", (bytes) => (down += bytes.length));
    join(client, target, open);
    join(target, client, open);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    port,
    get down() {
      return down;
    },
    get up() {
      return up;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function join(from: Socket, to: Socket, open: Set<Socket>): void {
  open.add(from);
  from.setNoDelay(true);
  from.pipe(to);
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => {
    open.delete(from);
    // A socket destroyed without an end would leave its partner waiting.
    if (!from.readableEnded) to.destroy();
  });
}
