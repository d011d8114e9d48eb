/** Settles as `promise` does, or rejects: waiting for ever would not say for what. */
export async function within<Value>(
  ms: number,
  what: string,
  promise: PromiseLike<Value>,
): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for what nobody announces, such as a socket of somebody else being gone. */
export async function eventually(
  what: string,
  condition: () => boolean,
  ms = 10_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Things that come one after another, and can be waited for. */
export class Log<Item> {
  readonly items: Item[] = [];
  #changed = Promise.withResolvers<void>();

  add(item: Item): void {
    this.items.push(item);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Resolves with the first item, from `start` on, that matches. */
  async first<Match extends Item>(
    what: string,
    matches: ((item: Item) => item is Match) | ((item: Item) => boolean),
    start = 0,
    ms = 15_000,
  ): Promise<Match> {
    let item: Item | undefined;
    await this.until(what, () => (item = this.items.slice(start).find(matches)) !== undefined, ms);
    return item as Match;
  }

  /** Resolves when the condition holds, which is looked at whenever something has come. */
  async until(what: string, condition: () => boolean, ms = 15_000): Promise<void> {
    await within(
      ms,
      what,
      (async () => {
        while (!condition()) await this.#changed.promise;
      })(),
    );
  }
}
