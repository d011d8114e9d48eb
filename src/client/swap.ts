import { LinkError, type TransportName } from "../transports/transport.ts";
import type { SwapNotice } from "./events.ts";
import type { ReadingCounts } from "./reading.ts";

/** The new link that is wanted while the session goes on; one at a time, and several wishes may be waiting for it. */
export class Swaps {
  readonly #counts: () => ReadingCounts;
  #pending: PendingSwap | undefined;
  #done = 0;

  constructor(counts: () => ReadingCounts) {
    this.#counts = counts;
  }

  /** How many that were asked for as such are done. */
  get done(): number {
    return this.#done;
  }

  /** The transport that is wanted; undefined: none is. */
  get to(): TransportName | undefined {
    return this.#pending?.to;
  }

  /** Another transport is asked for. A swap that is on its way is given up for it; what else was wanted will come with it. */
  begin(from: TransportName, to: TransportName): Promise<SwapNotice> {
    const before = this.#pending;
    const pending = new PendingSwap(from, to, true, this.#counts());
    this.#pending = pending;
    if (before?.announced) before.failed(new LinkError("closed", "another swap took its place"));
    else before?.follow(pending);
    return pending.done;
  }

  /** A new link is wanted for another reason: the one that is on its way will do, or one of the same transport. */
  join(transport: TransportName): Promise<SwapNotice> {
    this.#pending ??= new PendingSwap(transport, transport, false, this.#counts());
    return this.#pending.done;
  }

  /** @returns what is to be told; undefined: nobody asked for a swap */
  succeeded(): SwapNotice | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    const notice = pending?.succeeded(this.#counts());
    if (!pending?.announced) return undefined;
    this.#done += 1;
    return notice;
  }

  failed(error: LinkError): void {
    this.#pending?.failed(error);
    this.#pending = undefined;
  }
}

/** A new link that is wanted while the session goes on, and what had been counted when it was. */
class PendingSwap {
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
