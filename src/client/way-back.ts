import type { TransportName } from "../transports/transport.ts";
import type { Better } from "./chooser.ts";

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

  constructor(host: WayBackHost) {
    this.#host = host;
  }

  /** Another link is in use now, or the last try has failed. */
  look(): void {
    this.stop();
    const better = this.#host.better();
    if (better) this.#timer = setTimeout(() => this.#try(), Math.max(CALM_MS, better.ms));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #try(): void {
    const better = this.#host.better();
    if (!better) return;
    if (better.ms > 0) return this.look();
    // Done or not: there may be a better one still.
    const look = () => this.look();
    this.#host.open(better.transport).then(look, look);
  }
}
