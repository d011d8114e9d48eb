import type { ClockOffset } from "./clock-offset.ts";

/** A delivery that seems to have taken longer, or less than nothing by more than this, waits for proof; in ms. */
const PLAUSIBLE_MS = 1_000;
/** Deliveries that wait; of more, the oldest are given up. */
const HELD = 256;

interface Delivery<Link> {
  readonly link: Link;
  readonly at: number;
  readonly cameAt: number;
}

/**
 * How long events took from the server's clock to here. A clock that was set on the server makes it hours, or less than nothing, until
 * the next ping tells: what isn't plausible counts only once a later ping has found the clock where it was.
 */
export class Deliveries<Link> {
  readonly #clock: ClockOffset;
  readonly #took: (link: Link, ms: number) => void;
  #held: Delivery<Link>[] = [];

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
    if (Math.abs(ms) <= PLAUSIBLE_MS) return this.#took(link, Math.max(0, ms));
    this.#held.push({ link, at, cameAt });
    if (this.#held.length > HELD) this.#held.shift();
  }

  /**
   * A ping was answered.
   * @param sentAt when it left
   * @param stepped whether it found the server's clock elsewhere
   */
  answered(sentAt: number, stepped: boolean): void {
    const held = this.#held;
    if (held.length === 0) return;
    const offset = this.#clock.value!;
    this.#held = stepped ? [] : held.filter(({ cameAt }) => cameAt > sentAt);
    if (stepped) return;
    for (const { link, at, cameAt } of held) {
      if (cameAt <= sentAt) this.#took(link, Math.max(0, cameAt + offset - at));
    }
  }
}
