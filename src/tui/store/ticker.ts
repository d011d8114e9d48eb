/** A price as it came, its symbol cleaned. */
export interface Tick {
  readonly symbol: string;
  readonly price: number;
  readonly change: number;
}

export interface Quote extends Tick {
  /** The latest prices that were shown, oldest first. */
  readonly trail: readonly number[];
  /** When it last moved, ms of a clock that nobody sets. */
  readonly movedAt: number;
}

export interface Ticker {
  /** Where the prices come from; undefined: there are none. */
  readonly source: string | undefined;
  /** By symbol, in the order of their first price. */
  readonly quotes: ReadonlyMap<string, Quote>;
  /** When the quotes were last brought up to date. */
  readonly at: number;
  /** Prices that came, and times they were shown, in the last second. */
  readonly received: number;
  readonly painted: number;
  /** The symbol to show where there is room for one. */
  readonly featured: { readonly symbol: string; readonly since: number } | undefined;
}

/** Symbols that are shown; what a feed has beyond is left out. */
const MAX_SYMBOLS = 64;
const TRAIL = 24;
/** A symbol that is shown alone stays for so long, in ms. */
const FEATURE_MS = 3_000;
/** So long a price that moved stands out, in ms. */
export const FLASH_MS = 500;

export const EMPTY_TICKER: Ticker = {
  source: undefined,
  quotes: new Map(),
  at: 0,
  received: 0,
  painted: 0,
  featured: undefined,
};

/** What came since the last time: at most one price for each symbol, and the rates. */
export interface TickerUpdate {
  readonly ticks: Iterable<Tick>;
  readonly received: number;
  readonly painted: number;
  readonly now: number;
}

export function updateTicker(
  ticker: Ticker,
  { ticks, received, painted, now }: TickerUpdate,
): Ticker {
  const quotes = new Map(ticker.quotes);
  for (const tick of ticks) {
    const before = quotes.get(tick.symbol);
    if (!before && quotes.size >= MAX_SYMBOLS) continue;
    const moved = before !== undefined && before.price !== tick.price;
    quotes.set(tick.symbol, {
      ...tick,
      trail: [...(before?.trail ?? []), tick.price].slice(-TRAIL),
      movedAt: moved ? now : (before?.movedAt ?? Number.NEGATIVE_INFINITY),
    });
  }
  return { ...ticker, quotes, at: now, received, painted, featured: feature(ticker, quotes, now) };
}

function feature(
  { featured }: Ticker,
  quotes: ReadonlyMap<string, Quote>,
  now: number,
): Ticker["featured"] {
  if (featured && now - featured.since < FEATURE_MS) return featured;
  const symbols = [...quotes.keys()];
  const next = symbols[(symbols.indexOf(featured?.symbol ?? "") + 1) % symbols.length];
  return next === undefined ? undefined : { symbol: next, since: now };
}

/** Whether a price has just moved. */
export function flashes({ movedAt }: Quote, { at }: Ticker): boolean {
  return at - movedAt < FLASH_MS;
}
