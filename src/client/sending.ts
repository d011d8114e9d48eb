import { ProtocolError } from "../protocol/errors.ts";
import type { Ack, Body, Nack } from "../protocol/frames.ts";
import { randomId } from "../protocol/id.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Attempt } from "./attempt.ts";
import { backoff } from "./backoff.ts";
import { type Acked, Outbox } from "./outbox.ts";

export interface SendingHost {
  /** The link to publish on; undefined: none now. */
  active(): Attempt | undefined;
  /** Publishes are refused for now. Told once, until one is taken. */
  delayed(nack: Nack): void;
  /** A task that the end of the session has to wait for. */
  track(task: Promise<unknown>): void;
}

/** Brings what is published to the server: in order, one batch at a time, again after each new link, until all is acknowledged. */
export class Sending {
  readonly #host: SendingHost;
  readonly #outbox = new Outbox(() => randomId(8));
  #sending = false;
  /** Publishes that were refused for now since the last that was taken. */
  #refusals = 0;
  /** Whether it has been told that they are. */
  #told = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed: Error | undefined;

  constructor(host: SendingHost) {
    this.#host = host;
  }

  /** Publishes that aren't acknowledged yet. */
  get size(): number {
    return this.#outbox.size;
  }

  /** @throws OutboxFull */
  publish(topic: string, body: Body): Promise<Acked> {
    if (this.#closed) return Promise.reject(this.#closed);
    const acked = this.#outbox.add(topic, body);
    this.#flush();
    return acked;
  }

  /** There is a new link. Acks may have been lost with the old one: what waits for one is said again. */
  resume(): void {
    this.#outbox.rewind();
    this.#flush();
  }

  acked(frame: Ack): void {
    if (this.#outbox.acked(frame)) {
      this.#refusals = 0;
      this.#told = false;
    }
    this.#flush();
  }

  nacked(nack: Nack): void {
    const { number, code, message } = nack;
    const error = new ProtocolError(code, message);
    if (!error.retryable) {
      this.#outbox.refused(number, error);
      return;
    }
    if (code === "out-of-order") this.#outbox.beyond(number);
    // One retry for however many were refused together; a server that has merely forgotten us gets it at once.
    if (this.#retryTimer) return;
    // Being out of order is the server's business and ours.
    if (!this.#told && code !== "out-of-order") {
      this.#told = true;
      this.#host.delayed(nack);
    }
    const ms = this.#refusals === 0 && code === "out-of-order" ? 0 : backoff(this.#refusals, 0);
    this.#refusals += 1;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.resume();
    }, ms);
  }

  /** The session has ended. */
  close(error: Error): void {
    this.#closed = error;
    clearTimeout(this.#retryTimer);
    this.#outbox.abandon(error);
  }

  #flush(): void {
    if (!this.#sending && !this.#retryTimer && this.#outbox.hasUnsent)
      this.#host.track(this.#send());
  }

  async #send(): Promise<void> {
    this.#sending = true;
    // What is published in one turn goes out together.
    await Promise.resolve();
    for (let attempt = this.#next(); attempt; attempt = this.#next()) {
      const sent = await attempt.send(
        this.#outbox.take(LIMITS.publishesPerPost, LIMITS.messageBytes),
      );
      // Until the session has noticed, there is nobody to send to.
      if (!sent && attempt === this.#host.active()) break;
    }
    this.#sending = false;
  }

  #next(): Attempt | undefined {
    return this.#outbox.hasUnsent && !this.#retryTimer ? this.#host.active() : undefined;
  }
}
