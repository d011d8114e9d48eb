import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Fault, FaultKind, Scope } from "./fault.ts";
import { Passage } from "./passage.ts";
import type { Request } from "./requests.ts";

/** A TCP proxy to a server on this machine: it stands for whatever lies between, counts what passes, and misbehaves on demand. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: URL;
  /** Where clients connect, on 127.0.0.1. */
  readonly port: number;
  /** Connections that were made so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes that clients sent. */
  readonly up: number;
  /** Bytes that the server sent. */
  readonly down: number;
  /** How often each kind of fault has had its effect. */
  readonly injected: ReadonlyMap<FaultKind, number>;
  /** From now on this is wrong, until {@link heal}. Resolves when it is. */
  inject(fault: Fault, scope?: Scope): Promise<void>;
  /** Nothing is wrong any more: what was held back goes on, connections are accepted again. */
  heal(): Promise<void>;
  /** Nothing passes any more, and nothing is closed: all connections are half open, until {@link heal}. */
  freeze(): void;
  /** Reset all connections; new ones are still made. */
  cut(): void;
  /** Reset all connections, and refuse new ones until {@link heal}. */
  kill(): Promise<void>;
}

export interface FaultProxyOptions {
  /** @default 0: a free one */
  readonly port?: number;
  /** Decides what is left to chance (jitter). @default 0 */
  readonly seed?: number;
  /** The status that is answered while the server accepts no connections, as a proxy does. @default clients are reset */
  readonly away?: number;
}

interface Rule extends Scope {
  readonly fault: Fault;
  used: number;
}

/** Start a proxy to a port of 127.0.0.1. */
export async function startFaultProxy(
  targetPort: number,
  options: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const proxy = new TcpProxy(targetPort, options);
  await proxy.listen(options.port ?? 0);
  return proxy;
}

class TcpProxy implements FaultProxy {
  readonly #targetPort: number;
  readonly #away: number | undefined;
  readonly #random;
  readonly #passages = new Set<Passage>();
  /** Clients that are accepted, and nothing else (yet). */
  readonly #apart = new Set<Socket>();
  #server: Server | undefined;
  #rules: Rule[] = [];
  readonly injected = new Map<FaultKind, number>();
  port = 0;
  connections = 0;
  up = 0;
  down = 0;

  constructor(targetPort: number, { seed = 0, away }: FaultProxyOptions) {
    this.#targetPort = targetPort;
    this.#away = away;
    this.#random = xoroshiro128plus(seed);
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.port}`);
  }

  get open(): number {
    return this.#passages.size;
  }

  async listen(port: number): Promise<void> {
    // Half open: when one side has said its last word the other may still speak.
    const options = { allowHalfOpen: true, pauseOnConnect: true };
    this.#server = createServer(options, (client) => this.#accept(client));
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async inject(fault: Fault, scope: Scope = {}): Promise<void> {
    if (fault.kind === "refuse") {
      this.#took(fault);
      return this.#refuse();
    }
    const rule: Rule = { ...scope, fault, used: 0 };
    if (rule.on !== "new" && rule.path === undefined) {
      for (const passage of this.#passages) if (spend(rule)) passage.inject(fault);
    }
    if (rule.on !== "open") this.#rules.push(rule);
  }

  async heal(): Promise<void> {
    this.#rules = [];
    for (const passage of this.#passages) passage.heal();
    for (const socket of this.#apart) socket.destroy();
    if (!this.#server) await this.listen(this.port);
  }

  freeze(): void {
    void this.inject({ kind: "stall", direction: "both", after: 0 });
  }

  cut(): void {
    void this.inject({ kind: "cut", how: "rst", direction: "down", after: 0 }, { on: "open" });
  }

  async kill(): Promise<void> {
    this.#refuse();
    this.cut();
    await Promise.all(Array.from(this.#passages, ({ finished }) => finished));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#refuse();
    for (const socket of this.#apart) socket.destroy();
    const passages = [...this.#passages];
    for (const passage of passages) passage.destroy();
    await Promise.all(passages.map(({ finished }) => finished));
  }

  // The port is closed at once; what is open stays so.
  #refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #accept(client: Socket): void {
    this.connections += 1;
    client.on("error", () => {});
    this.#apart.add(client);
    client.once("close", () => this.#apart.delete(client));
    const rule = this.#rules.find(
      (one) => one.path === undefined && connects(one.fault) && spend(one),
    );
    const fault = rule?.fault;
    if (fault?.kind === "silent") {
      this.#took(fault);
      client.resume();
    } else this.#dialFor(client, fault);
  }

  #dialFor(client: Socket, fault: Fault | undefined): void {
    const server = this.#dial();
    const away = () => this.#answerAway(client);
    server.once("error", away);
    server.once("connect", () => {
      server.off("error", away);
      this.#join(client, server, fault);
    });
  }

  #join(client: Socket, server: Socket, fault: Fault | undefined): void {
    this.#apart.delete(client);
    const passage = new Passage(client, server, {
      count: (direction, bytes) => (this[direction] += bytes),
      arrived: (request) => this.#arrived(request),
      took: (took) => this.#took(took),
      random: () => uniformFloat64(this.#random),
      dial: () => this.#dial(),
    });
    this.#passages.add(passage);
    void passage.finished.then(() => this.#passages.delete(passage));
    if (fault) passage.inject(fault);
  }

  #answerAway(client: Socket): void {
    const status = this.#away;
    if (status === undefined) {
      client.resetAndDestroy();
      return;
    }
    const answer = `HTTP/1.1 ${status} Away\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
    client.once("data", () => client.end(answer));
    client.resume();
  }

  #arrived({ path }: Request): Fault | undefined {
    return this.#rules.find((rule) => {
      const matches = rule.path === undefined ? !connects(rule.fault) : path.startsWith(rule.path);
      return matches && spend(rule);
    })?.fault;
  }

  #took({ kind }: Fault): void {
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1);
  }

  #dial(): Socket {
    const socket = connect({ port: this.#targetPort, host: "127.0.0.1", allowHalfOpen: true });
    // Its end is heard by whoever reads it.
    return socket.on("error", () => {});
  }
}

/** Use it once, if it isn't used up. */
function spend(rule: Rule): boolean {
  if (rule.used >= (rule.times ?? Infinity)) return false;
  rule.used += 1;
  return true;
}

// Whether a fault is there from the beginning of a connection, or comes with a request.
function connects({ kind }: Fault): boolean {
  return kind !== "answer" && kind !== "lose-response" && kind !== "repeat";
}
