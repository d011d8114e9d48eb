import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvLine, readCsv } from "../../src/server/feeds/csv.ts";

const read = (text: string): CsvLine[] => readCsv(text).toArray();

describe("reading CSV", () => {
  it("hands over trimmed cells with the number of their line", () => {
    expect(read("a,b\n 1 ,2\n")).toEqual([
      { line: 1, cells: ["a", "b"] },
      { line: 2, cells: ["1", "2"] },
    ]);
  });

  it.each(["\n", "\r\n", "\r"])("counts lines ended by %j, blank ones too", (end) => {
    expect(read(["a", "", "  ", "b"].join(end))).toEqual([
      { line: 1, cells: ["a"] },
      { line: 4, cells: ["b"] },
    ]);
  });

  it("counts lines whose endings are mixed", () => {
    expect(read("a\r\nb\nc\rd").map(({ line }) => line)).toEqual([1, 2, 3, 4]);
  });

  it("keeps rows of other lengths than the first", () => {
    expect(read("a,b\n1\n1,2,3")).toEqual([
      { line: 1, cells: ["a", "b"] },
      { line: 2, cells: ["1"] },
      { line: 3, cells: ["1", "2", "3"] },
    ]);
  });

  it("reads quoted cells", () => {
    expect(read('"Jan 1, 2000", "he said ""no""" ,""')).toEqual([
      { line: 1, cells: ["Jan 1, 2000", 'he said "no"', ""] },
    ]);
  });

  it.each(['"open,1', 'a"b,1', '"a"b,1', 'A"B,"C,1', '"'])(
    "names the line %s as a problem and reads on below it",
    (bad) => {
      expect(read(`a,b\n${bad}\n"c",d`)).toEqual([
        { line: 1, cells: ["a", "b"] },
        { line: 2, problem: expect.stringContaining("quotes") },
        { line: 3, cells: ["c", "d"] },
      ]);
    },
  );

  it("names a line without end as a problem and reads on below it", () => {
    expect(read(`a\n${"x".repeat(20_000)}\nb`)).toEqual([
      { line: 1, cells: ["a"] },
      { line: 2, problem: "expected a line of at most 16384 characters, came 20000" },
      { line: 3, cells: ["b"] },
    ]);
  });

  it("counts the lines of a long file, whatever each of them is", () => {
    const lines = Array.from(
      { length: 3_500 },
      (_, index) => ["x", "", '"', "x,y"][(index * 7) % 5] ?? " ",
    );
    const numbers = lines.flatMap((line, index) => (line.trim() === "" ? [] : [index + 1]));
    expect(read(lines.join("\n")).map(({ line }) => line)).toEqual(numbers);
  });

  it("reads any text without throwing, each line at most once and in order", () => {
    const unit = fc.constantFrom(
      '"',
      ",",
      " ",
      "\t",
      "\n",
      "\r",
      "a",
      "1",
      "\u2028",
      "é",
      "\u00a0",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 80 }), (text) => {
        const numbers = read(text).map(({ line }) => line);
        expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
        expect(numbers.at(-1) ?? 0).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/u).length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps lines apart: what a line gives doesn't depend on the others", () => {
    const unit = fc.constantFrom('"', ",", " ", "a", "1");
    const line = fc.string({ unit, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const alone = lines.flatMap((text, index) =>
          read(text).map((result) => ({ ...result, line: index + 1 })),
        );
        expect(read(lines.join("\n"))).toEqual(alone);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives back any cells that were written by the standard's rules", () => {
    const unit = fc.constantFrom('"', ",", " ", "a", "1", "é");
    const cell = fc.string({ unit, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 5 }), (cells) => {
        const text = cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(",");
        expect(read(text)).toEqual([{ line: 1, cells }]);
      }),
    );
  });
});
