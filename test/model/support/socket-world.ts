import { join } from "node:path";
import { Agent, request } from "undici";
import { CLIENT_TRANSPORTS } from "../../../src/commands/transports.ts";
import { parseServerFrames } from "../../../src/protocol/parse.ts";
import { openWire } from "../../../src/transports/shared/client/wire.ts";
import { type ServerProcess, spawnServer } from "../../client/support/server-process.ts";
import { within } from "../../client/support/wait.ts";
import type { Fault, Scope } from "../../support/fault-proxy/fault.ts";
import { type FaultProxy, startFaultProxy } from "../../support/fault-proxy/proxy.ts";
import { createSandbox, type Sandbox } from "../../support/sandbox.ts";
import { Archive } from "./archive.ts";
import { SEATS } from "./command.ts";
import { type LogView, Violation } from "./stay.ts";
import { type Kept, type Outage, type Path, Seat, type World } from "./world.ts";

/** Events that the server keeps in each room. */
const RETAIN = 40;
const PATIENCE_MS = 40_000;
/** Whoever still waits for the next try after so long is told to go on at once: backoff can take 20 s. */
const NUDGE_MS = 3_000;

/** What can go wrong on a path, once; each by its name in a script. */
export const HARMS: Record<string, { readonly fault: Fault; readonly scope: Scope }> = {
  "lose-ack": {
    fault: { kind: "lose-response" },
    scope: { path: "/v1/publish", times: 1 },
  },
  "repeat-publish": { fault: { kind: "repeat" }, scope: { path: "/v1/publish", times: 1 } },
  "lose-answer": { fault: { kind: "lose-response" }, scope: { times: 1 } },
  "bad-gateway": { fault: { kind: "answer", status: 502 }, scope: { times: 1 } },
  "cut-in-answer": {
    fault: { kind: "cut", how: "rst", direction: "down", after: 700 },
    scope: { on: "all", times: 2 },
  },
  "cut-in-request": {
    fault: { kind: "cut", how: "fin", direction: "up", after: 300 },
    scope: { on: "all", times: 2 },
  },
  stall: { fault: { kind: "stall", direction: "down", after: 200 }, scope: { on: "all" } },
  slow: { fault: { kind: "slow", direction: "both", rate: 20_000 }, scope: { on: "all" } },
  late: { fault: { kind: "delay", direction: "both", ms: 15, jitter: 30 }, scope: { on: "all" } },
};

/** One server process and its database, for many worlds one after another. */
export class Host implements AsyncDisposable {
  readonly archive: Archive;
  readonly #file: string;
  readonly #folder: Sandbox;
  #server: ServerProcess;
  #isUp = true;
  worlds = 0;

  private constructor(folder: Sandbox, file: string, server: ServerProcess) {
    this.#folder = folder;
    this.#file = file;
    this.#server = server;
    this.archive = new Archive(file);
  }

  static async start(): Promise<Host> {
    const folder = createSandbox();
    const file = join(folder.home, "rooms.db");
    return new Host(folder, file, await spawn(file, 0));
  }

  get url(): URL {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  async down(how: "stop" | "kill"): Promise<void> {
    const ended = how === "stop" ? this.#server.stop() : this.#server.kill9();
    await within(15_000, "the end of the server", ended);
    this.#isUp = false;
  }

  async up(): Promise<void> {
    if (this.#isUp) return;
    this.#server = await spawn(this.#file, this.port);
    this.#isUp = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.archive.close();
    this.#folder[Symbol.dispose]();
  }
}

function spawn(database: string, port: number): Promise<ServerProcess> {
  return within(
    15_000,
    "a server",
    spawnServer({ database, port, retain: RETAIN, heartbeat: 1_000 }),
  );
}

/** Real sessions over real sockets, each through a proxy of its own that does harm, to a real server process. */
export class SocketWorld implements World {
  readonly seats: readonly Seat[];
  readonly #host: Host;
  readonly #proxies: readonly FaultProxy[];
  readonly #agent = new Agent();
  readonly #name: string;
  #elsewhere = 0;

  private constructor(host: Host, proxies: readonly FaultProxy[]) {
    this.#host = host;
    this.#proxies = proxies;
    this.#name = `w${++host.worlds}`;
    this.seats = proxies.map((proxy, number) => new Seat(number, new SocketPath(proxy), this));
  }

  static async start(host: Host): Promise<SocketWorld> {
    await host.up();
    const proxies = Array.from({ length: SEATS }, () => startFaultProxy(host.port));
    return new SocketWorld(host, await Promise.all(proxies));
  }

  topic(letter: string): string {
    return `room:${letter}-${this.#name}`;
  }

  look(topic: string, epoch?: string): LogView {
    if (epoch !== undefined && epoch !== this.#host.archive.epoch)
      throw new Violation(`nobody knows the epoch ${epoch}`);
    return this.#host.archive.look(topic);
  }

  kept(topic: string): readonly Kept[] {
    return this.#host.archive.kept(topic);
  }

  epochs(): readonly string[] {
    return [this.#host.archive.epoch];
  }

  async elsewhere(topic: string, texts: readonly string[], twice: boolean): Promise<void> {
    const producer = `elsewhere-${this.#name}-${++this.#elsewhere}`;
    const body = texts
      .map((text, index) =>
        JSON.stringify({ kind: "publish", producer, number: index + 1, topic, body: text }),
      )
      .join("\n");
    const answers = await Promise.all([this.#post(body), ...(twice ? [this.#post(body)] : [])]);
    const kept = this.kept(topic);
    for (const offsets of answers) {
      for (const [index, text] of texts.entries()) {
        const places = kept.filter((entry) => entry.text === text).map(({ offset }) => offset);
        const trimmed = offsets[index] === null && places[0]! <= this.look(topic).floor;
        if (places.length !== 1 || !(trimmed || places[0] === offsets[index]))
          throw new Violation(
            `${text} is kept at ${places.join()}, acknowledged at ${offsets[index]}`,
          );
      }
    }
  }

  async down(how: Outage): Promise<void> {
    if (how === "lose") throw new Error("this world doesn't lose its log");
    await this.#host.down(how);
  }

  up(): Promise<void> {
    return this.#host.up();
  }

  async pass(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  async until(what: () => string, condition: () => boolean): Promise<void> {
    const start = performance.now();
    let nudged = false;
    while (!condition()) {
      const waited = performance.now() - start;
      if (waited > PATIENCE_MS) throw new Violation(what());
      if (!nudged && waited > NUDGE_MS) {
        nudged = true;
        for (const { actor } of this.seats) actor?.nudge();
      }
      await this.pass(5);
    }
  }

  async end(): Promise<void> {
    try {
      const actors = this.seats.flatMap(({ all }) => all);
      await within(
        15_000,
        "the end of all sessions",
        Promise.all(actors.map((actor) => actor.close())),
      );
    } finally {
      for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
      await this.#agent.destroy();
    }
  }

  async #post(body: string): Promise<(number | null)[]> {
    const { body: answer } = await request(new URL("/v1/publish", this.#host.url), {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    return parseServerFrames(text).map((frame) => {
      if (frame.kind !== "ack") throw new Violation(`elsewhere was refused: ${text}`);
      return frame.offset;
    });
  }
}

class SocketPath implements Path {
  readonly #proxy: FaultProxy;

  constructor(proxy: FaultProxy) {
    this.#proxy = proxy;
  }

  options() {
    return { wire: openWire(this.#proxy.url), transports: CLIENT_TRANSPORTS };
  }

  freeze(): void {
    this.#proxy.freeze();
  }

  heal(): Promise<void> {
    return this.#proxy.heal();
  }

  cut(how: "rst" | "fin"): void {
    void this.#proxy.inject({ kind: "cut", how, direction: "down", after: 0 }, { on: "open" });
  }

  harm(name: string): void {
    const { fault, scope } = HARMS[name]!;
    void this.#proxy.inject(fault, scope);
  }
}
