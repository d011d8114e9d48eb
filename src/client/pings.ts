import type { Attempt } from "./attempt.ts";
import { ClockOffset } from "./clock-offset.ts";
import type { Meters } from "./meter.ts";

/** Pings that wait for their pongs; beyond it the oldest is given up. */
const UNANSWERED = 16;

/** Pings the active link: that keeps it alive, and tells its round trip and the server's clock. */
export class Pings {
  readonly #meters: Meters;
  readonly #track: (task: Promise<unknown>) => void;
  readonly #clock = new ClockOffset();
  /** When each was sent, by its id; ms of the monotonic clock. */
  readonly #sent = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #last = 0;

  /** @param track told of what the end of the session has to wait for */
  constructor(meters: Meters, track: (task: Promise<unknown>) => void) {
    this.#meters = meters;
    this.#track = track;
  }

  /** Server's clock minus ours, ms; undefined until it has been measured. */
  get clockOffset(): number | undefined {
    return this.#clock.value;
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
    this.#track(ping());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sent.clear();
  }

  /** An answer came to the link that is being pinged: a pong the way of its events, or the clock beside it. */
  answered(attempt: Attempt, { kind, id, time }: { kind: "pong" | "clock"; id: number; time: number }): void {
    const sentAt = this.#sent.get(id);
    if (sentAt === undefined) return;
    const rtt = performance.now() - sentAt;
    this.#clock.add(Date.now() - rtt, time, Date.now());
    if (kind === "clock") return;
    this.#sent.delete(id);
    this.#meters.all.roundTrip(rtt);
    this.#meters.of(attempt.transport).roundTrip(rtt);
  }

  async #ping(attempt: Attempt): Promise<void> {
    const id = ++this.#last;
    this.#sent.set(id, performance.now());
    if (this.#sent.size > UNANSWERED) this.#sent.delete(this.#sent.keys().next().value!);
    await attempt.send([{ kind: "ping", id }]);
  }
}
