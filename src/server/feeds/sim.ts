import { COMPANIES, type Company } from "./companies.ts";
import { between, normal, type Random, sample, seededRandom } from "./random.ts";
import { cents, type Moment, type Tick } from "./tick.ts";

/** At most so many symbols move at one moment. */
const MAX_GROUP = 4;
/** The opening's extra drift and volatility fade by a factor of e in this time. */
const OPENING_MS = 60_000;
/** At the very start a price is so many times as volatile as later. */
const OPENING_VOLATILITY = 4;
/** Deviation of where the opening's drift takes a price in all: 0.03 is about 3 %. */
const OPENING_DRIFT = 0.03;
/** A price stays within these, however long the run. */
const LOWEST = 0.01;
const HIGHEST = 99_999.99;

interface Range {
  readonly low: number;
  readonly high: number;
}

/** A stretch of time in which the market trades at one pace. */
interface Spell {
  /** Ticks a second, of all symbols together. */
  readonly rate: Range;
  readonly ms: Range;
}

const BUSY: Spell = { rate: { low: 24, high: 36 }, ms: { low: 4_000, high: 10_000 } };
/** Drawn evenly; as busy spells are short, the market makes about 10 ticks a second on average. */
const SPELLS: readonly Spell[] = [
  { rate: { low: 3, high: 5 }, ms: { low: 10_000, high: 30_000 } },
  { rate: { low: 7, high: 12 }, ms: { low: 10_000, high: 30_000 } },
  BUSY,
];

interface Stock extends Company {
  /** Not rounded: rounding each step would pull cheap stocks to a halt. */
  price: number;
  /** When the price last moved, in ms of the market's own time. */
  movedAt: number;
  /** How far the opening's drift takes the logarithm of the price in all. */
  readonly drift: number;
}

/**
 * A made-up market: geometric random walks of {@link COMPANIES}, wilder just after the start, in
 * quiet and busy spells. Endless, and decided by the seed alone: the clock is virtual. The first
 * moment has every symbol at its opening price, each later one a few that moved.
 * @param seed whole, 0 to 2^32 - 1
 * @param speed how many times as fast as the market's own time, above 0; the prices are the same
 */
export function* simulate(seed: number, speed: number): Generator<Moment, never> {
  const random = seededRandom(seed);
  const stocks = COMPANIES.map((company) => open(company, random));
  yield { at: 0, ticks: stocks.map(toTick) };
  for (let now = 0, spell = BUSY; ; spell = pick(random, SPELLS)) {
    const end = now + within(random, spell.ms);
    const rate = within(random, spell.rate);
    while (now < end) {
      const count = 1 + Math.floor(random() * MAX_GROUP);
      now += ((count * 1_000) / rate) * between(random, 0.5, 1.5);
      const movers = sample(random, stocks, count);
      for (const stock of movers) move(stock, now, random);
      yield { at: now / speed, ticks: movers.map(toTick) };
    }
  }
}

function open(company: Company, random: Random): Stock {
  const drift = OPENING_DRIFT * normal(random);
  return { ...company, price: company.opening, movedAt: 0, drift };
}

/** One step of a geometric Brownian motion, over the time since the last: one that trades less moves further at once. */
function move(stock: Stock, now: number, random: Random): void {
  const seconds = (now - stock.movedAt) / 1_000;
  const excitement = Math.exp(-now / OPENING_MS);
  const volatility = stock.volatility * (1 + (OPENING_VOLATILITY - 1) * excitement);
  const drift = stock.drift * (Math.exp(-stock.movedAt / OPENING_MS) - excitement);
  const step =
    drift - (volatility ** 2 / 2) * seconds + volatility * Math.sqrt(seconds) * normal(random);
  stock.price = Math.min(Math.max(stock.price * Math.exp(step), LOWEST), HIGHEST);
  stock.movedAt = now;
}

function toTick({ symbol, price, opening }: Stock): Tick {
  return { symbol, price: cents(price), change: cents(cents(price) - opening) };
}

function within(random: Random, { low, high }: Range): number {
  return between(random, low, high);
}

function pick(random: Random, spells: readonly Spell[]): Spell {
  return spells[Math.floor(random() * spells.length)] ?? BUSY;
}
