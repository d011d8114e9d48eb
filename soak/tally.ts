/** What must not happen, and how often it did. All zeros: nothing was lost. */
export interface Verdict {
  lost: number;
  repeated: number;
  reordered: number;
  /** Delivered with another text than the log has at that offset. */
  altered: number;
  /** Acknowledged, and not in the log at that offset. */
  ackedNotKept: number;
  keptTwice: number;
  /** In the log in another order than their producer's. */
  producersReordered: number;
  /** Gaps that were told of what could still be had, or was delivered. */
  falseGaps: number;
  /** Delivered though it wasn't subscribed to. */
  unwanted: number;
  /** Notices that could not be recorded. */
  unrecorded: number;
  /** Sessions that didn't catch up at the end, or still had unacknowledged messages. */
  leftBehind: number;
}

/** What is counted in a soak. */
export class Tally {
  readonly verdict: Verdict = {
    lost: 0,
    repeated: 0,
    reordered: 0,
    altered: 0,
    ackedNotKept: 0,
    keptTwice: 0,
    producersReordered: 0,
    falseGaps: 0,
    unwanted: 0,
    unrecorded: 0,
    leftBehind: 0,
  };
  /** What was done, and how often. */
  readonly done = new Map<string, number>();
  /** The first things that went wrong, a line each. */
  readonly faults: string[] = [];

  count(what: string, times = 1): void {
    this.done.set(what, (this.done.get(what) ?? 0) + times);
  }

  wrong(what: keyof Verdict, details: string, times = 1): void {
    if (times === 0) return;
    this.verdict[what] += times;
    if (this.faults.length < 20) this.faults.push(`${what}: ${details}`);
  }

  get isClean(): boolean {
    return Object.values(this.verdict).every((times) => times === 0);
  }
}
