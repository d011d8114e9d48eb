/** What went wrong with what a reader was given. All zeros: it got each event once and in order. */
export interface Verdict {
  readonly lost: number;
  readonly repeated: number;
  readonly reordered: number;
}

/** Checks the events of one log as a reader is given them: each exactly once, in offset order. */
export class Ledger {
  /** The newest offset so far. */
  head: number;
  #repeated = 0;
  #reordered = 0;
  /** Offsets that were passed over. */
  readonly #missing = new Set<number>();

  /** @param after the offset that reading begins after */
  constructor(after = 0) {
    this.head = after;
  }

  see(offset: number): void {
    if (offset === this.head + 1) this.head = offset;
    else if (offset > this.head) {
      for (let missing = this.head + 1; missing < offset; missing++) this.#missing.add(missing);
      this.head = offset;
    } else if (this.#missing.delete(offset)) this.#reordered += 1;
    else this.#repeated += 1;
  }

  /** What lies up to there can't be had any more, and the reader was told so. */
  excuse(from: number, to: number): void {
    for (const missing of this.#missing) {
      if (missing >= from && missing <= to) this.#missing.delete(missing);
    }
    if (from <= this.head + 1) this.head = Math.max(this.head, to);
  }

  /** @param head the newest offset of the log */
  verdict(head: number): Verdict {
    const lost = this.#missing.size + Math.max(0, head - this.head);
    return { lost, repeated: this.#repeated, reordered: this.#reordered };
  }
}
