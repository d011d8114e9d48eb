import { truncate } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeedError } from "../../src/server/feeds/feed-error.ts";
import { readPrices } from "../../src/server/feeds/price-file.ts";
import type { PriceRow } from "../../src/server/feeds/price-row.ts";
import { makeFile, makeFolder, realPrices } from "./files.ts";

interface Result {
  readonly rows: PriceRow[];
  /** Without the folder of the file. */
  readonly warnings: string[];
}

async function readFrom(file: string, symbol?: string): Promise<Result> {
  const warnings: string[] = [];
  const folder = `${dirname(file)}/`;
  const warn = (line: string): number => warnings.push(line.replace(folder, ""));
  const rows = await readPrices(file, { symbol, warn });
  return { rows, warnings };
}

async function read(content: string | Buffer, symbol?: string): Promise<Result> {
  return readFrom(await makeFile(content), symbol);
}

async function failure(file: string, symbol?: string): Promise<FeedError> {
  const error: unknown = await readFrom(file, symbol).catch((reason: unknown) => reason);
  if (!(error instanceof FeedError)) throw new Error("expected a FeedError", { cause: error });
  expect(error.message).not.toMatch(/[\n\r]/u);
  return error;
}

const shortRows = ({ rows }: Result): unknown[] =>
  rows.map(({ symbol, date, prices }) => [symbol, date, ...prices]);

describe("one price a row", () => {
  it("is read in the order of dates, rows of one day in the order of the file", async () => {
    const result = await read(
      "symbol,date,price\nA,2000-01-04,1.5\nB,Jan 3 2000,2\nA,2000-01-03,1\n",
    );
    expect(shortRows(result)).toEqual([
      ["B", "Jan 3 2000", 2],
      ["A", "2000-01-03", 1],
      ["A", "2000-01-04", 1.5],
    ]);
    expect(result.warnings).toEqual([]);
  });

  it("may have a byte order mark, CRLF, a header in any case and order, other columns, quotes", async () => {
    const result = await read(
      '\ufeffPrice, DATE ,Note,"Symbol"\r\n1e1,"Jan 3, 2000",hello,ÄÖ&Co\r\n.5,2000-01-04,,😀\r\n',
    );
    expect(shortRows(result)).toEqual([
      ["ÄÖ&Co", "Jan 3, 2000", 10],
      ["😀", "2000-01-04", 0.5],
    ]);
    expect(result.warnings).toEqual([]);
  });

  it("says so when --feed-symbol was given for nothing", async () => {
    const { warnings } = await read("symbol,date,price\nA,2000-01-03,1", "B");
    expect(warnings).toEqual([`prices.csv: has a symbol column, so --feed-symbol "B" isn't used`]);
  });

  it("reads the real stocks", async () => {
    const { rows, warnings } = await readFrom(realPrices("stocks.csv"));
    expect(warnings).toEqual([]);
    expect(rows).toHaveLength(560);
    expect(rows[0]).toMatchObject({ symbol: "MSFT", date: "Jan 1 2000", prices: [39.81] });
    expect(new Set(rows.map(({ symbol }) => symbol))).toEqual(
      new Set(["MSFT", "AMZN", "IBM", "GOOG", "AAPL"]),
    );
  });
});

describe("four prices a row", () => {
  it("has the high first on a day that fell, and last on any other", async () => {
    const result = await read(
      "date,open,high,low,close,volume\n2000-01-03,5,7,3,4,1\n2000-01-04,4,7,3,5,1\n2000-01-05,5,7,3,5,1",
      "IDX",
    );
    expect(shortRows(result)).toEqual([
      ["IDX", "2000-01-03", 5, 7, 3, 4],
      ["IDX", "2000-01-04", 4, 3, 7, 5],
      ["IDX", "2000-01-05", 5, 3, 7, 5],
    ]);
  });

  it("needs no volume, and doesn't look at it or other columns", async () => {
    const without = await read("date,open,high,low,close\n2000-01-03,5,7,3,4", "IDX");
    const odd = await read("date,open,high,low,close,volume\n2000-01-03,5,7,3,4,many", "IDX");
    expect(without).toEqual(odd);
    expect(odd.warnings).toEqual([]);
  });

  it("takes the symbol from a column if there is one", async () => {
    const result = await read(
      "date,symbol,open,high,low,close\n2000-01-03,A,5,7,3,4\n2000-01-03,B,5,7,3,4",
    );
    expect(result.rows.map(({ symbol }) => symbol)).toEqual(["A", "B"]);
  });

  it("reads the real index", async () => {
    const { rows, warnings } = await readFrom(realPrices("sp500-2000.csv"), "SP500");
    expect(warnings).toEqual([]);
    expect(rows).toHaveLength(5_105);
    expect(rows[0]).toMatchObject({
      symbol: "SP500",
      date: "2000-01-03",
      prices: [1469.25, 1478, 1438.359985, 1455.219971],
    });
  });

  it("asks for --feed-symbol", async () => {
    const error = await failure(realPrices("sp500-2000.csv"));
    expect(error).toMatchObject({ name: "FeedError", code: "symbol" });
    expect(error.message).toContain("give --feed-symbol NAME");
  });

  it.each(["", "S P", "a\u001b[31m", "x".repeat(17)])("refuses the symbol %j", async (symbol) => {
    const error = await failure(realPrices("sp500-2000.csv"), symbol);
    expect(error.code).toBe("symbol");
    expect(error.message).toContain(JSON.stringify(symbol));
  });
});

describe("a bad row", () => {
  it.each([
    ["A,2000-01-04", "expected 3 columns, came 2"],
    ["A,2000-01-04,1,2", "expected 3 columns, came 4"],
    ["A,2000-01-04,", "expected a price above 0, came nothing"],
    ["A,2000-01-04,-1", 'expected a price above 0, came "-1"'],
    ["A,2000-01-04,0", 'expected a price above 0, came "0"'],
    ["A,2000-01-04,$1", 'expected a price above 0, came "$1"'],
    ["A,2000-01-04,0x10", 'expected a price above 0, came "0x10"'],
    ["A,2000-01-04,NaN", 'expected a price above 0, came "NaN"'],
    ["A,2000-01-04,Infinity", 'expected a price above 0, came "Infinity"'],
    ["A,2000-01-04,1e999", 'expected a price of at most 1000000000000, came "1e999"'],
    ["A,2000-01-04,1e13", 'expected a price of at most 1000000000000, came "1e13"'],
    ["A,2000-02-30,1", 'expected a date like 2000-01-03 or Jan 3 2000, came "2000-02-30"'],
    [
      `A,Jan ${" ".repeat(30)}4 2000,1`,
      `expected a date like 2000-01-03 or Jan 3 2000, came "Jan ${" ".repeat(30)}4 2000"`,
    ],
    ["A,,1", "expected a date like 2000-01-03 or Jan 3 2000, came nothing"],
    [
      ",2000-01-04,1",
      "expected a symbol of 1 to 16 printable characters without blanks, came nothing",
    ],
    [
      "A B,2000-01-04,1",
      'expected a symbol of 1 to 16 printable characters without blanks, came "A B"',
    ],
    [
      "A\u009b2J,2000-01-04,1",
      'expected a symbol of 1 to 16 printable characters without blanks, came "A\\u009b2J"',
    ],
    ['"A,2000-01-04,1', "expected quotes in pairs around a whole cell, came a stray or open one"],
  ])("such as %j is skipped with one line", async (row, problem) => {
    const { rows, warnings } = await read(
      `symbol,date,price\nA,2000-01-03,1\n\n${row}\nA,2000-01-05,1\n`,
    );
    expect(rows.map(({ date }) => date)).toEqual(["2000-01-03", "2000-01-05"]);
    expect(warnings).toEqual([`prices.csv:4: ${problem}; row skipped`]);
  });

  it("is one of many: ten are named, all are counted", async () => {
    const bad = "A,2000-01-03,-1\n";
    const ten = await read(`symbol,date,price\nA,2000-01-03,1\n${bad.repeat(10)}`);
    expect(ten.warnings).toHaveLength(10);
    const many = await read(`symbol,date,price\nA,2000-01-03,1\n${bad.repeat(11)}`);
    expect(many.warnings).toHaveLength(11);
    expect(many.warnings.at(-1)).toBe(
      "prices.csv: 11 rows skipped in all, the first 10 named above",
    );
  });

  it("is one of a symbol beyond what a feed has room for", async () => {
    const rows = Array.from({ length: 1_002 }, (_, index) => `S${index},2000-01-03,1\n`);
    const result = await read(`symbol,date,price\n${rows.join("")}S0,2000-01-04,2`);
    expect(result.rows).toHaveLength(1_001);
    expect(result.warnings).toEqual([
      'prices.csv:1002: expected at most 1000 symbols, came "S1000" too; row skipped',
      'prices.csv:1003: expected at most 1000 symbols, came "S1001" too; row skipped',
    ]);
  });

  it("never throws, whatever is in it, and is either played or told", async () => {
    const unit = fc.constantFrom('"', ",", " ", "-", ".", "0", "1", "2000-01-03", "A", "\u001b");
    const row = fc.string({ unit, maxLength: 12 }).filter((text) => text.trim() !== "");
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 9 }), async (bad) => {
        const { rows, warnings } = await read(
          `symbol,date,price\nA,2000-01-03,1\n${bad.join("\n")}\n`,
        );
        const empty = bad.filter((text) => /^\s*""\s*$/u.test(text)).length;
        expect(rows.length + warnings.length).toBe(1 + bad.length - empty);
        expect(warnings.join("")).not.toMatch(/[\p{Cc}]/u);
      }),
    );
  });
});

describe("a bad file", () => {
  it("is missing", async () => {
    const error = await failure(join(await makeFolder(), "none.csv"));
    expect(error.code).toBe("missing");
    expect(error.message).toContain("none.csv: expected a CSV file, came no file of that name");
  });

  it("is a folder", async () => {
    const error = await failure(await makeFolder());
    expect(error.code).toBe("not-a-file");
    expect(error.message).toContain("came a folder");
  });

  it("is a device, which would never end", async () => {
    expect(await failure("/dev/zero")).toMatchObject({ code: "not-a-file" });
  });

  it("can't be reached", async () => {
    const error = await failure(join(await makeFile("x"), "prices.csv"));
    expect(error.code).toBe("unreadable");
    expect(error.message).toContain("ENOTDIR");
  });

  it("has a name that isn't fit for a terminal", async () => {
    const error = await failure("\u001b[31m\n.csv");
    expect(error.message).toContain("\\u001b[31m\\n.csv: expected");
  });

  it("is too large", async () => {
    const file = await makeFile("symbol,date,price\n");
    await truncate(file, 64 * 2 ** 20 + 1);
    const error = await failure(file);
    expect(error.code).toBe("too-large");
    expect(error.message).toContain("expected at most 64 MiB");
  });

  it.each(["", "\ufeff", "\n \r\n"])("is empty: %j", async (text) => {
    expect(await failure(await makeFile(text))).toMatchObject({ code: "empty" });
  });

  it.each([
    "date,price",
    "symbol;date;price",
    "symbol,price",
    "date,open,high,low",
    "A,2000-01-03,1",
    '"symbol,date,price',
    "\u0000\u0001\u0002",
  ])("has a wrong header: %j", async (header) => {
    const error = await failure(await makeFile(`${header}\nA,2000-01-03,1\n`), "A");
    expect(error.code).toBe("header");
    expect(error.message).toContain(
      "expected a header of symbol,date,price or date,open,high,low,close",
    );
    expect(error.message).not.toMatch(/\p{Cc}/u);
  });

  it("has no rows", async () => {
    const error = await failure(await makeFile("symbol,date,price\n"));
    expect(error.code).toBe("no-rows");
    expect(error.message).toContain("came none");
  });

  it("has no usable row", async () => {
    const file = await makeFile("symbol,date,price\nA,2000-01-03,-1\nB,2000-01-03,-1");
    const error = await failure(file);
    expect(error.code).toBe("no-rows");
    expect(error.message).toContain("came only bad ones (2)");
    expect(error.message).toContain(basename(file));
  });
});
