import type { Attempt } from "./attempt.ts";
import { ClockOffset } from "./clock-offset.ts";
import { Deliveries } from "./deliveries.ts";
import type { Meters } from "./meter.ts";

/** The first ping alone may have met a busy moment: ms after it, in which more follow. */
const EARLY_MS = [250, 1_000];

interface Ping {
  readonly id: number;
  /** When it was sent first, and last; ms of the monotonic clock. */
  readonly first: number;
  readonly last: number;
}

/** Pings the active link: that keeps it alive, and tells its round trip and the server's clock, and so how long events take. */
export class Pings {
  readonly #meters: Meters;
  readonly #track: (task: Promise<unknown>) => void;
  readonly #clock = new ClockOffset();
  readonly #deliveries = new Deliveries<Attempt>(this.#clock, ({ transport }, ms) => {
    this.#meters.all.deliveryTook(ms);
    this.#meters.of(transport).deliveryTook(ms);
  });
  /** The one that waits for its pong. Until that comes it is sent again: the path of the events may be slower than the pings. */
  #waiting: Ping | undefined;
  #timer: NodeJS.Timeout | undefined;
  #early: NodeJS.Timeout[] = [];
  #count = 0;

  /** @param track told of what the end of the session has to wait for */
  constructor(meters: Meters, track: (task: Promise<unknown>) => void) {
    this.#meters = meters;
    this.#track = track;
  }

  /** An event came live over a link. @param at its time by the server's clock */
  delivered(attempt: Attempt, at: number): void {
    this.#deliveries.came(attempt, at, performance.now());
  }

  /** Ping this link from now on, at once and every so many ms. */
  start(attempt: Attempt, every: number): void {
    this.stop();
    let sending = false;
    const ping = async () => {
      // One at a time: where they don't get through they would only queue up.
      if (sending) return;
      sending = true;
      await this.#ping(attempt);
      sending = false;
    };
    this.#timer = setInterval(() => this.#track(ping()), every);
    this.#early = EARLY_MS.filter((ms) => ms < every).map((ms) =>
      setTimeout(() => this.#track(ping()), ms),
    );
    this.#track(ping());
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const timer of this.#early) clearTimeout(timer);
    this.#waiting = undefined;
  }

  /** An answer came to the link that is being pinged: a pong the way of its events, or the clock beside it. */
  answered(
    attempt: Attempt,
    { kind, id, time }: { kind: "pong" | "clock"; id: number; time: number },
  ): void {
    if (this.#waiting?.id !== id) return;
    const { first, last } = this.#waiting;
    const now = performance.now();
    // The clock comes at once, so it answers the last one.
    const trip = now - (kind === "clock" ? last : first);
    this.#deliveries.answered(first, this.#clock.add(now - trip, time, now), now);
    if (kind === "clock") return;
    this.#waiting = undefined;
    this.#meters.all.roundTrip(trip);
    this.#meters.of(attempt.transport).roundTrip(trip);
  }

  async #ping(attempt: Attempt): Promise<void> {
    const now = performance.now();
    const { id, first } = this.#waiting ?? { id: ++this.#count, first: now };
    this.#waiting = { id, first, last: now };
    await attempt.send([{ kind: "ping", id }]);
  }
}
