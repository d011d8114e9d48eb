import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { buildConnector, Pool } from "undici";
import type { Bytes, Wire } from "../../transport.ts";

/**
 * How long a TCP connection may take to be made, in ms. Below what a link may take to open (10 s), so that a host that can't be
 * reached is told from one that is silent: only silence is held against a transport.
 */
const CONNECT_MS = 5_000;
/** Connections of a session at once: a stream, a publish and a ping, twice during a swap, and some for history. */
const CONNECTIONS = 8;
/** An answer's headers may take as long as a long poll is held, and then some; in ms. */
const HEADERS_MS = 90_000;

/** Open the way to a server. Nothing is connected before it is needed. */
export function openWire(origin: URL): Wire {
  return new CountedWire(origin);
}

// Counts on the raw sockets that it opens itself, below any TLS.
class CountedWire implements Wire {
  readonly origin: URL;
  readonly #open = new Set<Socket>();
  #pool: Pool;
  /** They end with the requests that they have. */
  readonly #retired = new Set<Pool>();
  #closedDown = 0;
  #closedUp = 0;

  constructor(origin: URL) {
    this.origin = origin;
    this.#pool = this.#openPool();
  }

  get pool(): Pool {
    return this.#pool;
  }

  renew(): void {
    const before = this.#pool;
    this.#pool = this.#openPool();
    this.#retired.add(before);
    const forget = () => void this.#retired.delete(before);
    before.close().then(forget, forget);
  }

  #openPool(): Pool {
    const { origin } = this;
    const secure = buildConnector({ allowH2: false, timeout: CONNECT_MS });
    return new Pool(origin.origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      bodyTimeout: 0,
      headersTimeout: HEADERS_MS,
      connect: (options, callback) => {
        const socket = this.#connect();
        const fail = (error: Error) => callback(error, null);
        socket.once("error", fail);
        socket.once("connect", () => {
          socket.off("error", fail);
          if (origin.protocol === "https:") secure({ ...options, httpSocket: socket }, callback);
          else callback(null, socket);
        });
      },
    });
  }

  dial(): Socket {
    const socket = this.#connect();
    if (this.origin.protocol !== "https:") return socket;
    const host = hostOf(this.origin);
    // An address is no server name (RFC 6066, section 3); the certificate is checked against it all the same.
    return connectTls({
      socket,
      host,
      servername: isIP(host) === 0 ? host : "",
      ALPNProtocols: ["http/1.1"],
    });
  }

  bytes(): Bytes {
    let down = this.#closedDown;
    let up = this.#closedUp;
    for (const socket of this.#open) {
      down += socket.bytesRead;
      up += socket.bytesWritten;
    }
    return { down, up };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pool, ...this.#retired].map((pool) => pool.destroy()));
    for (const socket of this.#open) socket.destroy();
  }

  #connect(): Socket {
    const port = Number(this.origin.port) || (this.origin.protocol === "https:" ? 443 : 80);
    const socket = connect({ host: hostOf(this.origin), port, noDelay: true, keepAlive: true });
    this.#open.add(socket);
    // Whoever uses it hears of its end in its own way; a reset that comes in between must not end the process.
    socket.on("error", () => {});
    const timer = setTimeout(() => {
      const message = `no connection within ${CONNECT_MS / 1000} s`;
      socket.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
    }, CONNECT_MS);
    socket.once("connect", () => clearTimeout(timer));
    socket.once("close", () => {
      clearTimeout(timer);
      this.#open.delete(socket);
      this.#closedDown += socket.bytesRead;
      this.#closedUp += socket.bytesWritten;
    });
    return socket;
  }
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
