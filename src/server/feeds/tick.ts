/** One price of one symbol: the body of an event of `feed:market`, keyed by `symbol`. */
export interface Tick {
  /** 1 to 16 printable characters, no blanks. */
  readonly symbol: string;
  /** Above 0. Simulated prices are in whole cents, replayed ones are as exact as the file. */
  readonly price: number;
  /** Since the first price of the symbol in this run, in the unit of `price`, rounded to cents. */
  readonly change: number;
  /** Replay only: the date as the file writes it, at most 32 characters. */
  readonly date?: string;
}

/** Ticks that go out together, `at` so many ms after the start of the run. */
export interface Moment {
  readonly at: number;
  readonly ticks: readonly Tick[];
}

/** Rounded to cents, and never -0. */
export function cents(amount: number): number {
  return Math.round(amount * 100) / 100 + 0;
}
