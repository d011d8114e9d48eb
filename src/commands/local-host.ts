import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ServerApi } from "../client/api.ts";
import { cleanLine } from "../client/clean.ts";
import type { RunningServer } from "../server/server.ts";
import { openWire } from "../transports/shared/client/wire.ts";
import { parseAddress } from "./address.ts";
import type { Values } from "./flags.ts";
import { openLog } from "./log.ts";
import { host, HostTaken, type SERVE_FLAGS } from "./serve-flags.ts";
import { standBy } from "./standby.ts";
import { stateFolder } from "./state-folder.ts";

/**
 * `hosting`: this process hosts now · `back`: the server answers, maybe another one than before · `failed`: there is no server, and
 * this process can't host one; it goes on trying
 */
export type HostNews =
  | { readonly kind: "hosting" }
  | { readonly kind: "back" }
  | { readonly kind: "failed"; readonly message: string };

/** How long a server that has the port but doesn't answer yet may take to do so, in ms. */
const STARTING_MS = 3_000;
/** How long a server that is stopping may take to let go of the database, in ms: it bounds its stop by somewhat less. */
const LETTING_GO_MS = 5_000;
/** … where a person waits for the UI, who may have to be told that the database is in use for good. */
const JOINING_MS = 1_000;
/** The pause after a try to find a server or to host one: short at first, as another process may just have been quicker … */
const AGAIN_MS = 50;
/** … and twice as long each time, so often. */
const DOUBLINGS = 5;

/**
 * The server on this machine: joined if it is there, hosted by this process if not, or once it has gone. Of several who want to host,
 * the port decides, and then the lock on the database.
 */
export class LocalHost implements AsyncDisposable {
  readonly #flags: Values<typeof SERVE_FLAGS>;
  readonly #log: Logger;
  readonly #ended = new AbortController();
  readonly #listeners = new Set<(news: HostNews) => void>();
  #server: RunningServer | undefined;
  #watching: Promise<void> | undefined;

  constructor(flags: Values<typeof SERVE_FLAGS>) {
    this.#flags = flags;
    // Nothing may write to the terminal under the UI.
    const file = join(stateFolder(), "server.log");
    this.#log = openLog(file, { level: "warn", base: { pid: process.pid } });
  }

  /** @throws UsageError, CommandError when this process can't host and nobody else does */
  async join(): Promise<URL> {
    const { host: address, port } = this.#flags;
    const url = parseAddress(`http://${address.includes(":") ? `[${address}]` : address}:${port}`);
    const end = performance.now() + STARTING_MS;
    for (;;) {
      if (port !== 0 && (await answers(url))) return url;
      try {
        const warn = (line: string) => void process.stderr.write(`${line}\n`);
        this.#server = await host(this.#flags, this.#log, warn, JOINING_MS);
        return new URL(this.#server.url);
      } catch (error) {
        // Two started at once: the other one was quicker.
        if (!(error instanceof HostTaken) || performance.now() > end) throw error;
        await sleep(2 * AGAIN_MS);
      }
    }
  }

  /** From now on: as soon as the server has gone, host in its place, unless another process was quicker. */
  watch(url: URL): void {
    if (!this.#server) this.#watching = this.#watch(url);
  }

  /** @returns a function that stops listening */
  listen(listener: (news: HostNews) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#watching;
    await this.#server?.stop();
  }

  async #watch(url: URL): Promise<void> {
    const { signal } = this.#ended;
    let tries = 0;
    let told = "";
    const failed = (message: string) => {
      // What hasn't changed isn't said again.
      if (message !== told) this.#tell({ kind: "failed", message });
      told = message;
    };
    const answered = () => {
      tries = 0;
      told = "";
      this.#tell({ kind: "back" });
    };
    while (!signal.aborted) {
      const since = performance.now();
      const end = await standBy(url, answered, signal);
      if (signal.aborted) return;
      if (end === "foreign") failed(`another program answers on ${url.host}`);
      if (end === "none" && (await this.#takeOver(url, failed)))
        return this.#tell({ kind: "hosting" });
      // Where a connection was there for a while, nothing has failed: on to the next one at once.
      if (end === "gone" && performance.now() - since > AGAIN_MS) continue;
      const again = AGAIN_MS * 2 ** Math.min(tries++, DOUBLINGS);
      await sleep(again, undefined, { signal }).catch(() => {});
    }
  }

  async #takeOver(url: URL, failed: (message: string) => void): Promise<boolean> {
    try {
      const flags = { ...this.#flags, port: Number(url.port) };
      const warn = (line: string) => this.#log.warn(line);
      this.#server = await host(flags, this.#log, warn, LETTING_GO_MS);
      this.#log.warn({ url: url.host }, "took over");
      return true;
    } catch (error) {
      // Another process was quicker: its server will answer.
      if (!(error instanceof HostTaken)) {
        this.#log.warn({ error: String(error) }, "could not take over");
        failed(cleanLine((error as Error).message));
      }
      return false;
    }
  }

  #tell(news: HostNews): void {
    for (const listener of this.#listeners) listener(news);
  }
}

async function answers(url: URL): Promise<boolean> {
  await using wire = openWire(url);
  try {
    await new ServerApi(wire).health();
    return true;
  } catch {
    // Nobody there, or somebody else: hosting finds out which.
    return false;
  }
}
