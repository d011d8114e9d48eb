import { LIMITS } from "../../protocol/limits.ts";
import { quote } from "../../protocol/names.ts";
import { type CsvLine, readCsv } from "./csv.ts";
import { FeedError } from "./feed-error.ts";
import {
  type Columns,
  findColumns,
  HEADERS,
  isSymbol,
  type PriceRow,
  parseRow,
  SYMBOL_RULE,
} from "./price-row.ts";
import { readTextFile } from "./text-file.ts";

/** Bad rows that get a line each; the rest are only counted. */
const MAX_WARNINGS = 10;
/** Characters of a path that a message shows. */
const MAX_PATH = 200;

export interface PriceFileOptions {
  /** Whose prices they are; only for a file without a symbol column, which needs it. */
  readonly symbol?: string | undefined;
  /** Gets one plain line for a bad row: for the first 10, and one more with how many there were. */
  readonly warn: (line: string) => void;
}

/**
 * Read the prices of a CSV file (at most 64 MiB), oldest first, rows of one day in the file's
 * order. The first line names the columns, in any order and case; those not needed are ignored:
 *
 * - `symbol,date,price`: one price a row;
 * - `date,open,high,low,close`: four prices a row, of the symbol in `options.symbol`, or of the one
 *   in a `symbol` column.
 *
 * A row that can't be used is skipped and told to `options.warn`. One file has at most as many
 * symbols as a feed has keys: rows of more are skipped too.
 * @returns at least one row
 * @throws FeedError if the file can't be read or its header or all of its rows are wrong, or
 *   `symbol` if that option is wrong or missing
 */
export async function readPrices(file: string, options: PriceFileOptions): Promise<PriceRow[]> {
  const name = quote(file, MAX_PATH).slice(1, -1);
  const text = await readTextFile(file, name);
  const rows: PriceRow[] = [];
  const symbols = new Set<string>();
  let columns: Columns | undefined;
  let skipped = 0;
  const skip = (line: number, problem: string): void => {
    skipped += 1;
    if (skipped <= MAX_WARNINGS) options.warn(`${name}:${line}: ${problem}; row skipped`);
  };
  for (const line of readCsv(text)) {
    if (columns === undefined) {
      columns = readHeader(line, name, options);
      continue;
    }
    const row = "problem" in line ? line : parseRow(line.cells, columns, options.symbol ?? "");
    if ("problem" in row) {
      skip(line.line, row.problem);
    } else if (symbols.add(row.symbol).size > LIMITS.feedKeys) {
      symbols.delete(row.symbol);
      skip(line.line, `expected at most ${LIMITS.feedKeys} symbols, came ${quote(row.symbol)} too`);
    } else {
      rows.push(row);
    }
  }
  if (skipped > MAX_WARNINGS) {
    options.warn(`${name}: ${skipped} rows skipped in all, the first ${MAX_WARNINGS} named above`);
  }
  if (rows.length === 0) {
    const came = skipped === 0 ? "none" : `only bad ones (${skipped})`;
    throw new FeedError(
      "no-rows",
      `${name}: expected rows of prices below the header, came ${came}; correct it or name another file`,
    );
  }
  return rows.toSorted((a, b) => a.day - b.day);
}

function readHeader(line: CsvLine, name: string, { symbol, warn }: PriceFileOptions): Columns {
  const columns = "problem" in line ? undefined : findColumns(line.cells);
  if (columns === undefined) {
    const came = "problem" in line ? line.problem : `came ${quote(line.cells.join(","), 80)}`;
    throw new FeedError(
      "header",
      `${name}:${line.line}: expected a header of ${HEADERS}, ${came}; name the columns so, with commas between them`,
    );
  }
  if (columns.symbol !== undefined) {
    if (symbol !== undefined) {
      warn(`${name}: has a symbol column, so --feed-symbol ${quote(symbol)} isn't used`);
    }
    return columns;
  }
  if (symbol === undefined) {
    throw new FeedError(
      "symbol",
      `${name}: expected a symbol for its prices, came a header without one; give --feed-symbol NAME`,
    );
  }
  if (!isSymbol(symbol)) {
    throw new FeedError(
      "symbol",
      `--feed-symbol: expected ${SYMBOL_RULE}, came ${quote(symbol)}; give one like ACME`,
    );
  }
  return columns;
}
