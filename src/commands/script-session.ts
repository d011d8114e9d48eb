import type { Since } from "../protocol/cursor.ts";
import type { Notice } from "../client/events.ts";
import { cleanLine } from "../client/clean.ts";
import { Session } from "../client/session.ts";
import { openWire } from "../transports/shared/client/wire.ts";
import { TRANSPORTS, type TransportName, type Wire } from "../transports/transport.ts";
import { loadIdentity } from "./state-folder.ts";
import { CLIENT_TRANSPORTS } from "./transports.ts";
import { CommandError } from "./usage-error.ts";

export interface ScriptOptions {
  readonly url: URL;
  readonly topics: ReadonlyMap<string, Since>;
  readonly nick: string | undefined;
  readonly transport: TransportName | "auto";
  readonly pollInterval: { readonly min: number; readonly max: number };
  /** Seconds between swaps; undefined: none. */
  readonly rotate: number | undefined;
  /** Seconds without a link after which to give up; undefined: never. */
  readonly timeout: number | undefined;
  readonly wait: boolean;
}

/**
 * A session for a command without a user interface: it rotates, gives up, and ends with the process's signals.
 * {@link ended} rejects with CommandError when the session can't go on, and resolves when the user interrupts it.
 */
export class ScriptSession implements AsyncDisposable {
  readonly #linked = Promise.withResolvers<void>();
  readonly session: Session;
  readonly ended: Promise<void>;
  /** Resolves when the server has been reached for the first time; never, if it isn't. */
  readonly linked: Promise<void> = this.#linked.promise;
  /** Whether it has been. */
  reached = false;
  readonly #wire: Wire;
  readonly #end = Promise.withResolvers<void>();
  readonly #options: ScriptOptions;
  #rotation: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  readonly #interrupt = () => this.#end.resolve();

  constructor(options: ScriptOptions) {
    const { url, topics, nick, transport, pollInterval, wait } = options;
    this.#options = options;
    this.#wire = openWire(url);
    this.session = new Session({
      wire: this.#wire,
      transports: CLIENT_TRANSPORTS,
      transport,
      pollInterval,
      topics,
      nick,
      identity: nick === undefined ? undefined : loadIdentity(),
      wait,
    });
    this.ended = this.#end.promise;
    // Whoever awaits it comes later than a failure may.
    this.ended.catch(() => {});
    this.session.listen((notice) => this.#hear(notice));
    process.once("SIGINT", this.#interrupt);
    process.once("SIGTERM", this.#interrupt);
  }

  start(): void {
    this.#lookOut("the server could not be reached in that time");
    this.session.start();
    this.#rotateLater();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#rotation);
    clearTimeout(this.#patience);
    process.off("SIGINT", this.#interrupt);
    process.off("SIGTERM", this.#interrupt);
    await this.session.close();
    // A swap that settled meanwhile has planned the next one.
    clearTimeout(this.#rotation);
    await this.#wire[Symbol.asyncDispose]();
  }

  #hear(notice: Notice): void {
    if (notice.kind !== "link") return;
    if (notice.state === "live") {
      clearTimeout(this.#patience);
      this.reached = true;
      this.#linked.resolve();
    }
    if (notice.state === "lost") this.#lookOut(notice.reason ?? "the link was lost");
    const { failure } = this.session;
    if (notice.state === "closed" && failure) {
      const gone = failure.failure === "unreachable" || failure.failure === "closed";
      const advice = gone && !this.reached ? "; is the server running? (--wait waits for it)" : "";
      const what = `${this.#options.url.host}: ${cleanLine(failure.message)}${advice}`;
      this.#end.reject(new CommandError(what, { cause: failure }));
    }
  }

  #lookOut(reason: string): void {
    const { timeout, url } = this.#options;
    if (timeout === undefined) return;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#end.reject(
        new CommandError(`${url.host}: no link for ${timeout} s, gave up: ${cleanLine(reason)}`),
      );
    }, timeout * 1000);
  }

  #rotateLater(): void {
    const { rotate } = this.#options;
    if (rotate === undefined || this.session.status.state === "closed") return;
    this.#rotation = setTimeout(() => {
      const { transport, state } = this.session.status;
      // Without a link there is nothing to swap, and a swap would not wait as a reconnect does.
      if (state !== "live") return this.#rotateLater();
      const next = TRANSPORTS[(TRANSPORTS.indexOf(transport) + 1) % TRANSPORTS.length]!;
      // A swap that fails says so in a link notice, and the old link goes on: the next turn tries again.
      this.session.swap(next).then(
        () => this.#rotateLater(),
        () => this.#rotateLater(),
      );
    }, rotate * 1000);
  }
}
