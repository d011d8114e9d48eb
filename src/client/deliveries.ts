import type { ClockOffset } from "./clock-offset.ts";

/** A delivery that seems to have taken longer waits for proof; one that seems to have taken so much less than nothing proves that a clock was set. In ms. */
const PLAUSIBLE_MS = 1_000;
/** Deliveries that wait; of more, the oldest are given up. */
const HELD = 256;

interface Delivery<Link> {
  readonly link: Link;
  /** By the server's clock. */
  readonly at: number;
  /** By ours. */
  readonly cameAt: number;
}

/**
 * How long events took from the server's clock to here. A clock that was set on the server makes it hours, or less than nothing, until
 * the next ping tells; and what was on its way meanwhile comes after that. So what isn't plausible counts only if a later ping finds the
 * clock where it was, and has been since the event's time.
 */
export class Deliveries<Link> {
  readonly #clock: ClockOffset;
  readonly #took: (link: Link, ms: number) => void;
  #held: Delivery<Link>[] = [];
  /** Since when the server's clock hasn't been set, as far as pings tell: ms of the monotonic clock. */
  #steadySince = Number.POSITIVE_INFINITY;

  /** @param took told of each that counts */
  constructor(clock: ClockOffset, took: (link: Link, ms: number) => void) {
    this.#clock = clock;
    this.#took = took;
  }

  /**
   * An event came live.
   * @param at its time by the server's clock
   * @param cameAt ms of the monotonic clock
   */
  came(link: Link, at: number, cameAt: number): void {
    const offset = this.#clock.value;
    if (offset === undefined) return;
    const ms = cameAt + offset - at;
    if (Math.abs(ms) <= PLAUSIBLE_MS) this.#took(link, Math.max(0, ms));
    else if (ms > 0) this.#hold({ link, at, cameAt });
  }

  /**
   * A ping was answered.
   * @param sentAt when it left first
   * @param stepped whether it found the server's clock elsewhere
   * @param now when the answer came
   */
  answered(sentAt: number, stepped: boolean, now: number): void {
    if (stepped) this.#held = [];
    if (stepped || this.#steadySince > now) this.#steadySince = now;
    if (this.#held.length === 0) return;
    const offset = this.#clock.value!;
    for (const { link, at, cameAt } of this.#held) {
      if (cameAt <= sentAt && at - offset >= this.#steadySince)
        this.#took(link, cameAt + offset - at);
    }
    this.#held = this.#held.filter(({ cameAt }) => cameAt > sentAt);
  }

  #hold(delivery: Delivery<Link>): void {
    this.#held.push(delivery);
    if (this.#held.length > HELD) this.#held.shift();
  }
}
