import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText } from "../../src/client/clean.ts";
import { cells, fit, sliceCells } from "../../src/tui/text/width.ts";
import { wrap } from "../../src/tui/text/wrap.ts";
import { hostile } from "./support/hostile.ts";

const clean = hostile.map(cleanText);
const line = clean.map((text) => text.replaceAll("\n", ""));
const width = fc.integer({ min: 1, max: 12 });

describe("fit", () => {
  it.each<[string, number, string]>([
    ["abc", 3, "abc"],
    ["abcd", 3, "ab…"],
    ["漢字", 3, "漢…"],
    ["abc", 0, ""],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
  ])("%j in %i cells", (text, room, expected) => {
    expect(fit(text, room)).toBe(expected);
  });

  it("pads on either side", () => {
    expect(fit("ab", 4, { pad: "end" })).toBe("ab  ");
    expect(fit("ab", 4, { pad: "start" })).toBe("  ab");
    expect(fit("漢字漢", 4, { pad: "end" })).toBe("漢… ");
  });

  it("is exactly as wide as asked when padded, never wider when not", () => {
    fc.assert(
      fc.property(line, width, (text, room) => {
        expect(cells(fit(text, room, { pad: "end" }))).toBe(room);
        expect(cells(fit(text, room))).toBeLessThanOrEqual(room);
      }),
    );
  });
});

describe("sliceCells", () => {
  it("replaces what an edge cuts through by spaces", () => {
    expect(sliceCells("a漢b", 0, 2)).toBe("a ");
    expect(sliceCells("a漢b", 2, 4)).toBe(" b");
    expect(sliceCells("a漢b", 1, 3)).toBe("漢");
    expect(sliceCells("ab", 1, 9)).toBe("b");
  });

  it("puts a text together again", () => {
    fc.assert(
      fc.property(line, width, (text, at) => {
        const sum = cells(sliceCells(text, 0, at)) + cells(sliceCells(text, at, 1000));
        expect(sum).toBe(cells(text));
      }),
    );
  });
});

describe("wrap", () => {
  it.each<[string, string, number, string[]]>([
    ["nothing is one row", "", 5, [""]],
    ["keeps line ends", "a\n\nb", 5, ["a", "", "b"]],
    ["breaks between words", "one two three", 7, ["one two", "three"]],
    ["drops the space it broke at", "one    two", 4, ["one", "two"]],
    ["keeps indentation", "  one two", 6, ["  one", "two"]],
    ["breaks a long word hard", "abcdefgh", 3, ["abc", "def", "gh"]],
    ["starts a long word on a row of its own", "ab cdefghi", 4, ["ab", "cdef", "ghi"]],
    ["breaks between wide characters", "漢字漢字漢", 5, ["漢字", "漢字", "漢"]],
    ["breaks between a word and a wide character", "abc漢", 4, ["abc", "漢"]],
    ["draws what fits nowhere as …", "a漢b", 1, ["a", "…", "b"]],
    ["keeps marks with their base", "e\u0301e\u0301", 1, ["e\u0301", "e\u0301"]],
    ["treats no width as one cell", "ab", 0, ["a", "b"]],
    ["keeps a line of spaces", "      ", 3, [""]],
  ])("%s", (_, text, room, rows) => {
    expect(wrap(text, room)).toEqual(rows);
  });

  it("never exceeds the width and loses nothing but white space", () => {
    const squeeze = (text: string): string => text.replaceAll(/\s/g, "");
    fc.assert(
      fc.property(clean, width, (text, room) => {
        const rows = wrap(text, room);
        expect(rows.length).toBeGreaterThan(0);
        for (const row of rows) expect(cells(row)).toBeLessThanOrEqual(room);
        if (room > 1) expect(squeeze(rows.join(""))).toBe(squeeze(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("wraps 64 KiB without effort", () => {
    for (const unit of ["a", "a ", "漢", "ᄀ", "é", "\u0301e"]) {
      const began = performance.now();
      wrap(cleanText(unit.repeat((64 * 1024) / unit.length)), 40);
      expect(performance.now() - began).toBeLessThan(1500);
    }
  });
});
