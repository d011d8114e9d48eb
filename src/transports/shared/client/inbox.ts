import type { ServerFrame } from "../../../protocol/frames.ts";

type Batch = readonly ServerFrame[];

interface Entry {
  readonly batch: Batch;
  readonly handled: () => void;
}

/**
 * Batches of frames on their way from a link to its one reader. It doesn't bound itself: whoever puts waits for `handled`, or stops
 * its source while {@link size} is high.
 */
export class Inbox implements AsyncIterable<Batch> {
  readonly #entries: Entry[] = [];
  /** The one that the reader is dealing with. */
  #current: Entry | undefined;
  #wake: (() => void) | undefined;
  /** Set once: how it ended. undefined: ended without a fault. */
  #end: { readonly error: Error | undefined } | undefined;

  /** Batches that wait to be read. */
  get size(): number {
    return this.#entries.length;
  }

  /** Resolves when the reader has dealt with the batch (or when nobody ever will). */
  put(batch: Batch): Promise<void> {
    if (this.#end) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#entries.push({ batch, handled: resolve });
    this.#wake?.();
    return promise;
  }

  /** No more comes. What waits is still read; then the reader's loop ends, or throws `error`. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** Nobody wants any more of it: what waits is dropped, and nobody waits for it. */
  discard(): void {
    this.end();
    this.#current?.handled();
    for (const { handled } of this.#entries.splice(0)) handled();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (;;) {
        while ((this.#current = this.#entries.shift())) {
          yield this.#current.batch;
          this.#current.handled();
        }
        if (this.#end) {
          if (this.#end.error) throw this.#end.error;
          return;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
      }
    } finally {
      this.discard();
    }
  }
}
