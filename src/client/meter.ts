import type { Bytes, TransportName } from "../transports/transport.ts";

/** Median and 95th percentile of the latest samples, ms; null: no sample yet. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** What one transport has cost and brought in this session. */
export interface Figures {
  readonly rttMs: Quantiles;
  readonly deliveryMs: Quantiles;
  /** Links of it that were lost. */
  readonly reconnects: number;
  /** Events delivered. */
  readonly messages: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Bytes of all kinds for each event delivered; null: none was. */
  readonly bytesPerMessageDown: number | null;
  readonly bytesPerMessageUp: number | null;
}

const SAMPLES = 256;

class Samples {
  readonly #ring: number[] = [];
  #next = 0;

  add(value: number): void {
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % SAMPLES;
  }

  /** The newest ones, oldest first. */
  latest(count: number): number[] {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return inOrder.slice(-count);
  }

  quantiles(): Quantiles {
    const sorted = this.#ring.toSorted((a, b) => a - b);
    const at = (share: number) => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      return value === undefined ? null : Math.round(value * 10) / 10;
    };
    return { p50: at(0.5), p95: at(0.95) };
  }
}

/** Counts and times, for the session as a whole or for one transport. */
export class Meter {
  readonly #rtt = new Samples();
  readonly #delivery = new Samples();
  #reconnects = 0;
  #messages = 0;
  #down = 0;
  #up = 0;

  roundTrip(ms: number): void {
    this.#rtt.add(ms);
  }

  /** The newest round trips, ms, oldest first. */
  roundTrips(count: number): number[] {
    return this.#rtt.latest(count);
  }

  delivered(): void {
    this.#messages += 1;
  }

  deliveryTook(ms: number): void {
    this.#delivery.add(ms);
  }

  reconnected(): void {
    this.#reconnects += 1;
  }

  spent({ down, up }: Bytes): void {
    this.#down += down;
    this.#up += up;
  }

  figures(): Figures {
    const perMessage = (bytes: number) =>
      this.#messages === 0 ? null : Math.round((bytes / this.#messages) * 10) / 10;
    return {
      rttMs: this.#rtt.quantiles(),
      deliveryMs: this.#delivery.quantiles(),
      reconnects: this.#reconnects,
      messages: this.#messages,
      bytesDown: this.#down,
      bytesUp: this.#up,
      bytesPerMessageDown: perMessage(this.#down),
      bytesPerMessageUp: perMessage(this.#up),
    };
  }
}

/** The session's meter and one for each transport, which share what the wire counts between them. */
export class Meters {
  readonly all = new Meter();
  readonly #each = new Map<TransportName, Meter>();
  readonly #bytes: () => Bytes;
  #seen: Bytes;
  #current: TransportName | undefined;

  /** @param bytes the wire's count so far */
  constructor(bytes: () => Bytes) {
    this.#bytes = bytes;
    // What was asked for before the session began isn't its own.
    this.#seen = bytes();
  }

  of(transport: TransportName): Meter {
    let meter = this.#each.get(transport);
    if (!meter) this.#each.set(transport, (meter = new Meter()));
    return meter;
  }

  /** From now on bytes are this transport's. A handover's are the new one's. */
  switchTo(transport: TransportName): void {
    this.settle();
    this.#current = transport;
  }

  /** Take over what the wire has counted since. */
  settle(): void {
    const now = this.#bytes();
    const spent = { down: now.down - this.#seen.down, up: now.up - this.#seen.up };
    this.#seen = now;
    this.all.spent(spent);
    if (this.#current) this.of(this.#current).spent(spent);
  }

  /** The transports that were used, with their figures. */
  figures(): Map<TransportName, Figures> {
    this.settle();
    return new Map(Array.from(this.#each, ([transport, meter]) => [transport, meter.figures()]));
  }
}
