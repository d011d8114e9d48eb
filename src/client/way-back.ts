import { LinkError, type TransportName } from "../transports/transport.ts";
import { backoff } from "./backoff.ts";
import type { Better } from "./chooser.ts";
import { Overtaken } from "./swap.ts";

export interface WayBackHost {
  /** The better transport than the one in use, and when it may be tried; undefined: none, or no link is in use. */
  better(): Better | undefined;
  /** Move to it, while the link in use goes on. Rejects when that failed. */
  open(transport: TransportName): Promise<unknown>;
}

/** A link is in use for so long, and nothing failed for so long, before a better one is tried; in ms. */
const CALM_MS = 5_000;

/** Brings a session back to a better transport once nothing is held against that any more. One timer, armed while there is one. */
export class WayBack {
  readonly #host: WayBackHost;
  #timer: NodeJS.Timeout | undefined;
  /** Failures since one was done. */
  #tries = 0;
  /** Until then nothing is tried, ms of the monotonic clock: the server may have asked for it. */
  #notBefore = 0;

  constructor(host: WayBackHost) {
    this.#host = host;
  }

  /** Another link is in use now, or one that was to be used has failed. */
  look(): void {
    this.stop();
    const better = this.#host.better();
    if (!better) return;
    const pause = this.#notBefore - performance.now();
    this.#timer = setTimeout(() => void this.#try(), Math.max(CALM_MS, pause, better.ms));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #try(): Promise<void> {
    const better = this.#host.better();
    // Another link is on its way: whatever becomes of that looks again.
    if (!better) return;
    if (better.ms > 0) return this.look();
    try {
      await this.#host.open(better.transport);
      this.#tries = 0;
    } catch (error) {
      if (!(error instanceof Overtaken)) this.#failed(error);
    }
    // There may be a better one still.
    this.look();
  }

  // Not every failure is held against the transport: a server may be full for hours.
  #failed(error: unknown): void {
    const floor = error instanceof LinkError ? error.after : 0;
    this.#notBefore = performance.now() + CALM_MS + backoff(this.#tries++, floor);
  }
}
