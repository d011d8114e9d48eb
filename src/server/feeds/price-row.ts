import { quote } from "../../protocol/names.ts";
import { parseDay } from "./day.ts";

/** One usable row of a price file. */
export interface PriceRow {
  readonly symbol: string;
  /** For the order: ms since 1970, UTC. */
  readonly day: number;
  /** As the file writes it. */
  readonly date: string;
  /** In the order in which they are played: one price, or the four of a day. */
  readonly prices: readonly number[];
}

/** What is wrong with a row: what was expected, what came. */
export interface Problem {
  readonly problem: string;
}

/** Where the columns of a price file are, counted from 0. */
export interface Columns {
  /** Of a header's and therefore every row's cells. */
  readonly count: number;
  /** `undefined`: the file is about one symbol and doesn't name it. */
  readonly symbol: number | undefined;
  readonly date: number;
  /** One price, or open, high, low and close. */
  readonly prices: readonly number[];
}

export const HEADERS = "symbol,date,price or date,open,high,low,close,volume";

/** More is no price; up to here cents stay exact in a double. */
const MAX_PRICE = 1e12;
const MAX_DATE = 32;
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu;
export const SYMBOL_RULE = "a symbol of 1 to 16 printable characters without blanks";
/** No combining marks either: they can pile up without end. */
const SYMBOL = /^[\p{L}\p{N}\p{P}\p{S}]{1,16}$/u;

export function isSymbol(text: string): boolean {
  return SYMBOL.test(text);
}

/** The columns that a header names, in any order and case and among others; `undefined` if it is neither shape's. */
export function findColumns(header: readonly string[]): Columns | undefined {
  const names = header.map((name) => name.toLowerCase());
  const find = (...wanted: string[]): number[] | undefined => {
    const places = wanted.map((name) => names.indexOf(name));
    return places.includes(-1) ? undefined : places;
  };
  const count = names.length;
  const [symbol] = find("symbol") ?? [];
  const [date] = find("date") ?? [];
  const price = symbol === undefined ? undefined : find("price");
  const prices = price ?? find("open", "high", "low", "close");
  if (date === undefined || prices === undefined) return undefined;
  return { count, symbol, date, prices };
}

/**
 * Read one row.
 * @param symbol whose prices they are, where no column says so
 */
export function parseRow(
  cells: readonly string[],
  columns: Columns,
  symbol: string,
): PriceRow | Problem {
  if (cells.length !== columns.count) {
    return { problem: `expected ${columns.count} columns, came ${cells.length}` };
  }
  const cell = (place: number): string => cells[place] ?? "";
  const named = columns.symbol === undefined ? symbol : cell(columns.symbol);
  if (!isSymbol(named)) {
    return problem(SYMBOL_RULE, named);
  }
  const date = cell(columns.date);
  const day = date.length > MAX_DATE ? undefined : parseDay(date);
  if (day === undefined) {
    return problem("a date like 2000-01-03 or Jan 3 2000", date);
  }
  const prices = columns.prices.map(cell);
  for (const price of prices) {
    if (!NUMBER.test(price) || Number(price) === 0) return problem("a price above 0", price);
    if (Number(price) > MAX_PRICE) return problem(`a price of at most ${MAX_PRICE}`, price);
  }
  return { symbol: named, day, date, prices: inOrder(prices.map(Number)) };
}

/**
 * A day's open, high, low and close as they may have come: a day that fell had its high first. One
 * price stays as it is.
 */
function inOrder(prices: readonly number[]): readonly number[] {
  const [open, high, low, close] = prices;
  if (open === undefined || high === undefined || low === undefined || close === undefined) {
    return prices;
  }
  return close < open ? [open, high, low, close] : [open, low, high, close];
}

function problem(expected: string, cell: string): Problem {
  return { problem: `expected ${expected}, came ${cell === "" ? "nothing" : quote(cell)}` };
}
