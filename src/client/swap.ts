import { LinkError, type TransportName } from "../transports/transport.ts";
import type { SwapNotice } from "./events.ts";
import type { ReadingCounts } from "./reading.ts";

/** `asked`: the user wants this transport · `better`: the session itself goes back to it · `relink`: other topics or another nick */
type Reason = "asked" | "better" | "relink";

/** Another wish took the place of this one, whose link was on its way. */
export class Overtaken extends LinkError {
  constructor() {
    super("closed", "another swap took its place");
  }
}

/** The new link that is wanted while the session goes on; one at a time, and several wishes may be waiting for it. */
export class Swaps {
  readonly #counts: () => ReadingCounts;
  #pending: PendingSwap | undefined;
  #done = 0;

  constructor(counts: () => ReadingCounts) {
    this.#counts = counts;
  }

  /** How many from one transport to another, or asked for as such, are done. */
  get done(): number {
    return this.#done;
  }

  /** The transport that is wanted; undefined: none is. */
  get to(): TransportName | undefined {
    return this.#pending?.to;
  }

  /** Another transport is asked for. A swap that is on its way is given up for it; a new link for another reason comes with it. */
  begin(from: TransportName, to: TransportName): Promise<SwapNotice> {
    const before = this.#pending;
    const pending = new PendingSwap(from, to, "asked", this.#counts());
    this.#pending = pending;
    if (before?.why === "relink") before.follow(pending);
    else before?.failed(new Overtaken());
    return pending.done;
  }

  /** A better transport may be had again. A new link that is on its way goes first. */
  goBack(from: TransportName, to: TransportName): Promise<SwapNotice> {
    this.#pending ??= new PendingSwap(from, to, "better", this.#counts());
    return this.#pending.done;
  }

  /**
   * A new link is wanted for another reason: the one that is on its way will do, or one of the same transport. What is wanted goes
   * before what is merely better, and may never come.
   */
  join(transport: TransportName): Promise<SwapNotice> {
    const before = this.#pending;
    if (before && before.why !== "better") return before.done;
    this.#pending = new PendingSwap(transport, transport, "relink", this.#counts());
    before?.failed(new Overtaken());
    return this.#pending.done;
  }

  /** @returns what is to be told, and whether the transport is the user's choice; undefined: it is the same transport */
  succeeded(): { readonly notice: SwapNotice; readonly asked: boolean } | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    const notice = pending?.succeeded(this.#counts());
    if (!pending || !notice || pending.why === "relink") return undefined;
    this.#done += 1;
    return { notice, asked: pending.why === "asked" };
  }

  /** @returns what it was wanted for; undefined: none was */
  failed(error: LinkError): Reason | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.failed(error);
    return pending?.why;
  }
}

/** A new link that is wanted while the session goes on, and what had been counted when it was. */
class PendingSwap {
  readonly from: TransportName;
  readonly to: TransportName;
  readonly why: Reason;
  readonly #settled = Promise.withResolvers<SwapNotice>();
  readonly #since = performance.now();
  readonly #before: ReadingCounts;

  constructor(from: TransportName, to: TransportName, why: Reason, before: ReadingCounts) {
    this.from = from;
    this.to = to;
    this.why = why;
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
