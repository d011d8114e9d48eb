import type { GapNotice, TopicEvent } from "./events.ts";

/** What a loop over a topic gets. */
export type TopicItem = TopicEvent | GapNotice;

/** What was told of a topic and waits for one reader. Its bounds are kept by {@link TopicFeeds}. */
export class TopicQueue {
  readonly #items: TopicItem[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  get size(): number {
    return this.#items.length;
  }

  put(item: TopicItem): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** No more comes. What waits is still read; then the loop ends, or throws `error`. */
  end(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  /** The next one, as soon as there is one. undefined: there will be none. Rejects with the error that it ended with. */
  async next(): Promise<TopicItem | undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item) return item;
      if (this.#end?.error) throw this.#end.error;
      if (this.#end) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
