import { setTimeout as sleep } from "node:timers/promises";
import { type FaultProxy, startFaultProxy } from "../test/support/fault-proxy/proxy.ts";
import { play, schedule } from "../test/support/fault-proxy/schedule.ts";
import { type ServerProcess, startServer } from "../test/support/process.ts";
import type { Dice } from "./dice.ts";
import type { Tally } from "./tally.ts";

export interface TroubleOptions {
  readonly db: string;
  readonly seed: number;
  readonly dice: Dice;
  readonly tally: Tally;
}

/** Paths to the server that misbehave; one more doesn't. */
const PATHS = 5;
/** ms between faults of a path, and how long one lasts, at most. */
const FAULTS = { pause: 4_000, lasts: 6_000 };
/** ms between troubles of the server, at most. */
const SERVER_PAUSE = 10_000;
/** What befalls the server, in turn. */
const TROUBLES = ["killed", "stopped", "killed", "restarted"] as const;
/** ms that a server is stopped or away, at most. */
const AWAY = 4_000;
/** Small enough for what a session missed to be trimmed now and then; silence is noticed after two heartbeats. */
const SERVE = ["--retain", "2000", "--heartbeat", "1", "--feed", "sim", "--feed-speed", "5"];

/** A real server, paths to it through fault proxies, and all that happens to them. */
export class Trouble implements AsyncDisposable {
  readonly #options: TroubleOptions;
  #server: ServerProcess;
  readonly #proxies: readonly FaultProxy[];

  private constructor(
    options: TroubleOptions,
    server: ServerProcess,
    proxies: readonly FaultProxy[],
  ) {
    this.#options = options;
    this.#server = server;
    this.#proxies = proxies;
  }

  static async start(options: TroubleOptions): Promise<Trouble> {
    const server = await startServer({ db: options.db, args: SERVE });
    const proxies = await Promise.all(
      Array.from({ length: PATHS + 1 }, (_, index) =>
        // Some hide that the server is away, as reverse proxies do.
        startFaultProxy(server.port, { seed: index, ...(index % 2 ? { away: 503 } : {}) }),
      ),
    );
    return new Trouble(options, server, proxies);
  }

  /** Where sessions connect to. */
  get paths(): URL[] {
    return this.#proxies.map(({ url }) => url);
  }

  /** Let things go wrong until the signal comes. All is well again then. */
  async run(signal: AbortSignal): Promise<void> {
    const { seed } = this.#options;
    await Promise.all([
      ...this.#proxies
        .slice(1)
        .map((proxy, index) => play(proxy, schedule(seed + index, FAULTS), signal)),
      this.#trouble(signal),
    ]);
    for (const { injected } of this.#proxies) {
      for (const [kind, times] of injected) this.#options.tally.count(`fault: ${kind}`, times);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }

  async #trouble(signal: AbortSignal): Promise<void> {
    const { dice, tally } = this.#options;
    const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
    for (let turn = 0; ; turn++) {
      await wait(2_000 + dice.below(SERVER_PAUSE));
      if (signal.aborted) return;
      const what = TROUBLES[turn % TROUBLES.length]!;
      const away = dice.one([0, dice.below(AWAY)]);
      tally.count(`server ${what}`);
      if (what === "stopped") {
        process.kill(this.#server.pid, "SIGSTOP");
        await wait(away);
        process.kill(this.#server.pid, "SIGCONT");
        continue;
      }
      if (what === "killed") await this.#server.kill9();
      else await this.#server.stop();
      await this.#server[Symbol.asyncDispose]();
      await wait(away);
      const { db } = this.#options;
      this.#server = await startServer({ db, port: this.#server.port, args: SERVE });
    }
  }
}
