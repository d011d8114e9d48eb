import { once } from "node:events";
import type { Socket } from "node:net";
import { type Direction, type Fault, isRequestFault, type RequestFault } from "./fault.ts";
import { type Part, type Request, Requests } from "./requests.ts";

export interface PassageHost {
  /** Bytes came. */
  count(direction: Direction, bytes: number): void;
  /** The fault that is to begin with this request; undefined: none is. */
  arrived(request: Request): Fault | undefined;
  /** A fault has had its effect. */
  took(fault: Fault): void;
  /** From 0 up to 1. */
  random(): number;
  /** A connection of its own to the server. */
  dial(): Socket;
}

/** How often a second a slow connection passes some bytes on. */
const SLOW_STEPS = 20;

/** One connection through the proxy: a socket to the client, one to the server, and what is wrong between them. */
export class Passage {
  readonly #host: PassageHost;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #requests = new Requests();
  readonly #copies = new Set<Socket>();
  /** Resolves when nothing of it is left. Never rejects. */
  readonly finished: Promise<unknown>;
  #fault: Fault | undefined;
  #tookFault = false;
  /** Bytes that have passed since the fault began. */
  readonly #passed = { up: 0, down: 0 };
  #request: { readonly fault: RequestFault; readonly bytes: Buffer[] } | undefined;
  #changed = Promise.withResolvers<void>();
  #over = false;

  constructor(client: Socket, server: Socket, host: PassageHost) {
    this.#client = client;
    this.#server = server;
    this.#host = host;
    for (const socket of [client, server]) socket.setNoDelay(true);
    this.finished = Promise.all([
      closed(client),
      closed(server),
      this.#pump("up", client, server),
      this.#pump("down", server, client),
    ]).finally(() => this.destroy());
  }

  /** From now on this is wrong. One thing at a time: it takes the place of another. */
  inject(fault: Fault): void {
    this.#fault = fault;
    this.#tookFault = false;
    this.#passed.up = this.#passed.down = 0;
    if (fault.kind === "cut" && fault.after === 0) this.#cut(fault);
    this.#wake();
  }

  /** Nothing is wrong any more: what was held back goes on. */
  heal(): void {
    this.#fault = undefined;
    if (this.#request?.fault.kind === "lose-response") this.#request = undefined;
    this.#wake();
  }

  destroy(): void {
    this.#over = true;
    this.#wake();
    for (const socket of [this.#client, this.#server, ...this.#copies]) socket.destroy();
  }

  async #pump(direction: Direction, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        this.#host.count(direction, (chunk as Buffer).length);
        // Read on when it is over: until the other side's last word is read, its socket doesn't close.
        if (this.#over) continue;
        if (direction === "up") await this.#passRequests(chunk as Buffer);
        else await this.#passResponse(chunk as Buffer);
      }
      await this.#passable(direction);
      to.end();
    } catch {
      // What the other side doesn't hear of through a stalled connection it hears when that goes on.
      await this.#passable(direction);
      if (!this.#over) this.#reset();
    }
  }

  async #passRequests(chunk: Buffer): Promise<void> {
    for (const part of this.#requests.feed(chunk)) {
      if (part.begins) this.#begin(part.begins);
      if (this.#request?.fault.kind === "answer") {
        if (part.ends) this.#answer(this.#request.fault.status);
        continue;
      }
      if (this.#request?.fault.kind === "repeat") this.#repeat(part);
      await this.#pass("up", this.#server, part.bytes);
    }
  }

  async #passResponse(chunk: Buffer): Promise<void> {
    if (this.#request?.fault.kind === "lose-response") {
      this.#host.took(this.#request.fault);
      this.#reset();
    } else await this.#pass("down", this.#client, chunk);
  }

  #begin(request: Request): void {
    const fault = this.#host.arrived(request);
    this.#request = fault && isRequestFault(fault) ? { fault, bytes: [] } : undefined;
    if (!fault || isRequestFault(fault)) return;
    // Its request has come already: all that can be kept from it is an answer.
    this.inject(fault.kind === "silent" ? { kind: "stall", direction: "both", after: 0 } : fault);
  }

  #answer(status: number): void {
    this.#host.took(this.#request!.fault);
    const body = `<html><body><h1>${status}</h1></body></html>\n`;
    this.#client.end(
      `HTTP/1.1 ${status} Faulty\r\ncontent-type: text/html\r\nconnection: close\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    );
    this.#over = true;
    this.#server.destroy();
  }

  #repeat({ bytes, ends }: Part): void {
    const request = this.#request!;
    request.bytes.push(bytes);
    if (!ends) return;
    this.#request = undefined;
    this.#host.took(request.fault);
    const copy = this.#host.dial();
    this.#copies.add(copy);
    copy.on("error", () => {}).on("close", () => this.#copies.delete(copy));
    copy.resume().write(Buffer.concat(request.bytes));
  }

  async #pass(direction: Direction, to: Socket, bytes: Buffer): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      await this.#passable(direction);
      if (this.#over) return;
      const now = rest.subarray(0, await this.#allowed(direction, rest.length));
      if (now.length === 0) continue;
      this.#passed[direction] += now.length;
      rest = rest.subarray(now.length);
      if (!to.write(now)) await drained(to);
    }
  }

  // How many bytes may pass now; 0: look again, something has changed.
  async #allowed(direction: Direction, wanted: number): Promise<number> {
    const fault = this.#fault;
    if (!fault || !concerns(fault, direction)) return wanted;
    switch (fault.kind) {
      case "cut":
        if (this.#passed[direction] >= fault.after) this.#cut(fault);
        return Math.max(0, Math.min(wanted, fault.after - this.#passed[direction]));
      case "stall":
        return Math.max(0, Math.min(wanted, fault.after - this.#passed[direction]));
      case "slow": {
        this.#took(fault);
        const bytes = Math.min(wanted, Math.max(1, Math.round(fault.rate / SLOW_STEPS)));
        await this.#rest((bytes / fault.rate) * 1000);
        return bytes;
      }
      case "delay":
        this.#took(fault);
        await this.#rest(fault.ms + this.#host.random() * fault.jitter);
        return wanted;
      default:
        return wanted;
    }
  }

  async #passable(direction: Direction): Promise<void> {
    while (!this.#over && this.#isStalled(direction)) {
      this.#took(this.#fault!);
      await this.#changed.promise;
    }
  }

  #isStalled(direction: Direction): boolean {
    const fault = this.#fault;
    return (
      fault?.kind === "stall" &&
      concerns(fault, direction) &&
      this.#passed[direction] >= fault.after
    );
  }

  #cut(fault: Extract<Fault, { kind: "cut" }>): void {
    if (this.#over) return;
    this.#took(fault);
    if (fault.how === "rst") return this.#reset();
    this.#over = true;
    this.#wake();
    // Both are told that no more comes; what they still say goes nowhere.
    for (const socket of [this.#client, this.#server]) socket.end();
  }

  #reset(): void {
    this.#over = true;
    this.#wake();
    for (const socket of [this.#client, this.#server]) reset(socket);
  }

  async #rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(timer);
  }

  // It counts once for each connection that it befalls.
  #took(fault: Fault): void {
    if (!this.#tookFault) this.#host.took(fault);
    this.#tookFault = true;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

async function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("close", () => resolve());
  if (socket.closed) resolve();
  await promise;
}

function concerns(fault: Fault, direction: Direction): boolean {
  return "direction" in fault && (fault.direction === direction || fault.direction === "both");
}

async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  const aborter = new AbortController();
  const { signal } = aborter;
  // Whichever comes first; the reason why the socket is gone is heard by its reader.
  await Promise.race([once(socket, "drain", { signal }), once(socket, "close", { signal })]).catch(
    () => {},
  );
  aborter.abort();
}

// Node never closes a socket that is reset while its end is on the way.
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
