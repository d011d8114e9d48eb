interface Sample {
  readonly rtt: number;
  readonly offset: number;
}

const SAMPLES = 8;
/** A sample that disagrees by more than it can be wrong, and this much, means that a clock was set. */
const STEP_MS = 1_000;

/** How far the server's clock is from our monotonic one, which nobody sets, from the quickest of the latest round trips. */
export class ClockOffset {
  #samples: Sample[] = [];

  /**
   * @param sentAt our monotonic clock when the ping left, ms
   * @param serverTime the server's when it had it, ms since 1970
   * @param cameAt ours when the answer came
   * @returns whether a clock has been set since the last one
   */
  add(sentAt: number, serverTime: number, cameAt: number): boolean {
    const sample = { rtt: cameAt - sentAt, offset: serverTime - (sentAt + cameAt) / 2 };
    const best = this.#best();
    const apart = best ? Math.abs(sample.offset - best.offset) - sample.rtt - best.rtt : 0;
    const stepped = apart > STEP_MS;
    if (stepped) this.#samples = [];
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    return stepped;
  }

  /** Server's clock minus ours, ms; undefined until it has been measured. */
  get value(): number | undefined {
    return this.#best()?.offset;
  }

  #best(): Sample | undefined {
    return this.#samples.reduce<Sample | undefined>(
      (best, sample) => (best === undefined || sample.rtt < best.rtt ? sample : best),
      undefined,
    );
  }
}
