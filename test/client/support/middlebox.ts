import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Middlebox extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** Connections that were made so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Nothing is forwarded any more, and nothing is closed: the link is half open. */
  freeze(): void;
  thaw(): void;
  /** Reset all connections; new ones are still made. */
  cut(): void;
  /** Reset all connections, and refuse new ones until {@link mend}. */
  kill(): Promise<void>;
  mend(): Promise<void>;
}

export interface MiddleboxOptions {
  /** Answer a connection whose first bytes these are instead of forwarding it; undefined: forward. */
  readonly answer?: (head: string) => string | undefined;
}

/** A TCP proxy to a server on this machine, which misbehaves on demand. */
export async function startMiddlebox(
  targetPort: number,
  options: MiddleboxOptions = {},
): Promise<Middlebox> {
  const open = new Set<Socket>();
  const frozen = new Set<Socket>();
  let isFrozen = false;
  let connections = 0;

  const forward = (from: Socket, to: Socket) => {
    open.add(from);
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      to.write(bytes);
      if (isFrozen) {
        from.pause();
        frozen.add(from);
      }
    });
    from.on("end", () => to.end());
    from.on("error", () => reset(to));
    from.on("close", () => {
      open.delete(from);
      to.destroy();
    });
    if (isFrozen) {
      from.pause();
      frozen.add(from);
    }
  };

  const server = createServer({ pauseOnConnect: true }, (client) => {
    connections += 1;
    const join = () => {
      const target = connect({ port: targetPort, host: "127.0.0.1" });
      forward(client, target);
      forward(target, client);
      client.resume();
    };
    if (!options.answer) return join();
    client.once("data", (bytes) => {
      const answer = options.answer?.(bytes.toString());
      client.pause();
      if (answer === undefined) {
        client.unshift(bytes);
        join();
      } else {
        client.on("error", () => {});
        client.end(answer);
        client.resume();
      }
    });
    client.resume();
  });

  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of open) reset(socket);
  };
  const kill = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    cut();
    await closed;
  };
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    port,
    get connections() {
      return connections;
    },
    get open() {
      return open.size / 2;
    },
    freeze() {
      isFrozen = true;
      for (const socket of open) {
        socket.pause();
        frozen.add(socket);
      }
    },
    thaw() {
      isFrozen = false;
      for (const socket of frozen) socket.resume();
      frozen.clear();
    },
    cut,
    kill,
    mend: () => listen(port),
    [Symbol.asyncDispose]: kill,
  };
}

// Node never closes a socket that is reset while its end is on the way.
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
