/** Draws from [0, 1). */
export type Random = () => number;

/**
 * The same numbers for the same seed, on any machine (Mulberry32: 32 bits of state, a period of
 * 2^32, not for secrets).
 * @param seed whole, 0 to 2^32 - 1
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Even between `low` and `high`. */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** Normal with mean 0 and deviation 1 (Box–Muller). */
export function normal(random: Random): number {
  // 1 - [0, 1) is never 0, whose logarithm would be infinite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** `count` different items; one of twice the weight is twice as likely to come first (Efraimidis–Spirakis). */
export function sample<Item extends { readonly weight: number }>(
  random: Random,
  items: readonly Item[],
  count: number,
): Item[] {
  return items
    .map((item) => ({ item, rank: -Math.log(1 - random()) / item.weight }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ item }) => item);
}
