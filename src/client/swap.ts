import type { TransportName } from "../transports/transport.ts";
import type { SwapNotice } from "./events.ts";
import type { ReadingCounts } from "./reading.ts";

/** A new link that is wanted while the session goes on, and what had been counted when it was. */
export class PendingSwap {
  readonly from: TransportName;
  readonly to: TransportName;
  /** Whether it was asked for as a swap, and not to change topics or nick. */
  readonly announced: boolean;
  readonly #settled = Promise.withResolvers<SwapNotice>();
  readonly #since = performance.now();
  readonly #before: ReadingCounts;

  constructor(from: TransportName, to: TransportName, announced: boolean, before: ReadingCounts) {
    this.from = from;
    this.to = to;
    this.announced = announced;
    this.#before = before;
    // A wish that nobody waits for may fail.
    this.done.catch(() => {});
  }

  get done(): Promise<SwapNotice> {
    return this.#settled.promise;
  }

  succeeded(now: ReadingCounts): SwapNotice {
    const notice: SwapNotice = {
      kind: "swap",
      from: this.from,
      to: this.to,
      ms: Math.round(performance.now() - this.#since),
      held: now.held - this.#before.held,
      duplicates: now.duplicates - this.#before.duplicates,
      lost: now.lost - this.#before.lost,
    };
    this.#settled.resolve(notice);
    return notice;
  }

  failed(error: Error): void {
    this.#settled.reject(error);
  }

  /** Whatever becomes of the other one becomes of this one. */
  follow(other: PendingSwap): void {
    this.#settled.resolve(other.done);
  }
}
