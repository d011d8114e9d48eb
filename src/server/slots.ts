/** Steps of this part of a whole fall evenly into it, however many they are: no two come closer than they must. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** A stopping server asks so many links back in a second … */
const RETURNS_A_SECOND = 200;
/** … but spreads even a few over this, and the most over no more than this: a lease is longer. In ms. */
const SHORTEST_MS = 2_000;
const LONGEST_MS = 20_000;

/** Times to come back at, dealt out in turn so that they lie evenly between two bounds, however many are taken. */
export class Slots {
  readonly #from: number;
  readonly #to: number;
  #place = Math.random();

  /** Between 0 and `to` ms, or from `from` on. */
  constructor(to: number, from = 0) {
    this.#from = from;
    this.#to = to;
  }

  /** ms, whole, above 0 */
  next(): number {
    this.#place = (this.#place + GOLDEN) % 1;
    return 1 + Math.floor(this.#from + this.#place * (this.#to - this.#from));
  }
}

/** When the links of a server that stops are to come back: the more they are, the longer it takes. */
export function returnSlots(links: number): Slots {
  const ms = (links / RETURNS_A_SECOND) * 1_000;
  return new Slots(Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms)));
}
