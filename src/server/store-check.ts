import { now, uptime } from "./clock.ts";
import type { Store } from "./store/store.ts";

/** An answer is good for so long: asking often costs the disk nothing. In ms. */
const FRESH_MS = 1_000;
/** A store that takes longer than this to keep one number can't be written to, in ms. */
const PATIENCE_MS = 2_000;

/** Whether the store still keeps what it is given: by giving it something, the way publishes go. */
export class StoreCheck {
  readonly #store: Store;
  readonly #producer: string;
  #kept = 0;
  #trial: Promise<string | undefined> | undefined;
  #result: string | undefined;
  #at = -Infinity;

  /** @param producer numbers of its own, which are all that is kept */
  constructor(store: Store, producer: string) {
    this.#store = store;
    this.#producer = producer;
  }

  /** Why nothing can be kept, in one line; undefined: it can. Never rejects. */
  async failure(): Promise<string | undefined> {
    if (!this.#trial && uptime() - this.#at < FRESH_MS) return this.#result;
    // One that hangs isn't tried again beside itself.
    this.#trial ??= this.#try();
    const { promise, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(() => resolve("the store doesn't answer"), PATIENCE_MS);
    try {
      return await Promise.race([this.#trial, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #try(): Promise<string | undefined> {
    const number = this.#kept + 1;
    const producer = this.#producer;
    try {
      await this.#store.append([
        { producer, number, topic: null, at: now(), from: "", body: "null" },
      ]);
      this.#kept = number;
      this.#result = undefined;
    } catch (error) {
      this.#result = error instanceof Error ? error.message : String(error);
    }
    this.#at = uptime();
    this.#trial = undefined;
    return this.#result;
  }
}
