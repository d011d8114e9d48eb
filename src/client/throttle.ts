type Pause = () => Promise<void>;

/** Keeps links from being read faster than readers can take it. */
export class Throttle {
  readonly #unacked: () => number;
  readonly #pauses = new Set<Pause>();
  readonly #wakers = new Set<() => void>();

  /** @param unacked while it isn't 0 nobody waits: the acks come with the frames that would not be read */
  constructor(unacked: () => number) {
    this.#unacked = unacked;
  }

  /** @returns a function that takes it away */
  add(pause: Pause): () => void {
    const entry: Pause = async () => pause();
    this.#pauses.add(entry);
    return () => void this.#pauses.delete(entry);
  }

  /** Something waits for an ack now. */
  published(): void {
    for (const wake of this.#wakers) wake();
  }

  /** Resolves when all have room. undefined: they have. */
  room(): Promise<void> | undefined {
    return this.#pauses.size === 0 ? undefined : this.#wait();
  }

  async #wait(): Promise<void> {
    for (const pause of this.#pauses) {
      if (this.#unacked() > 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakers.add(resolve);
      pause().catch(warn).then(resolve, resolve);
      await promise;
      this.#wakers.delete(resolve);
    }
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
