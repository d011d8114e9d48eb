import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { cleanLine, cleanText, stripControls, truncateCells } from "../../src/client/clean.ts";
import { hostile } from "./support/hostile.ts";

const ESC = "\x1b";

describe("cleanText", () => {
  it.each<[string, string, string]>([
    ["keeps plain text and line ends", "a\nb", "a\nb"],
    ["turns every line end into \\n", "a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"],
    ["turns a tab into spaces", "a\tb", "a    b"],
    ["removes CSI", `${ESC}[31mred${ESC}[0m ${ESC}[2J\u009b1mx`, "red x"],
    ["removes conceal", `${ESC}[8mhidden`, "hidden"],
    ["leaves an unfinished CSI readable", `${ESC}[31`, "31"],
    ["removes OSC 0", `${ESC}]0;title\x07text`, "text"],
    ["removes OSC 8, keeps its text", `${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`, "link"],
    ["removes OSC 52", `${ESC}]52;c;aGk=\x07text`, "text"],
    ["removes OSC in C1 form", "\u009d0;title\u009ctext", "text"],
    [
      "loses only the introducer of an unterminated OSC",
      `${ESC}]52;c;rest of it`,
      "52;c;rest of it",
    ],
    [
      "does not let an unterminated OSC borrow the end of a later one",
      `${ESC}]0;kept ${ESC}]0;gone\x07too`,
      "0;kept too",
    ],
    [
      "removes DCS, APC, PM, SOS",
      `${ESC}Pq#0${ESC}\\a${ESC}_G${ESC}\\b${ESC}^x${ESC}\\c${ESC}Xy\u009cd`,
      "abcd",
    ],
    ["removes short escapes", `${ESC}(Ba${ESC}7b${ESC}cc`, "abc"],
    ["removes C0, C1, BEL and DEL", "a\x00\x07\x08\x0b\x0c\x7f\x80\x85\x9fb", "ab"],
    ["removes bidi controls", "a\u202eb\u202c\u2066c\u2069\u200e\u200f\u061cd", "abcd"],
    ["removes zero-width characters", "a\u200b\u2060\ufeff\u00ad\u200c\u200db\u034f\u180e", "ab"],
    ["removes blank letters", "a\u115f\u1160\u3164\uffa0b", "ab"],
    ["removes tags and annotations", "🏴\u{e0067}\u{e007f}\ufff9a\ufffab\ufffb", "🏴ab"],
    ["replaces lone surrogates", "a\ud800b\udc00", "a\ufffdb\ufffd"],
    ["replaces private use and unassigned", "\ue0a0\u{f0000}\u0378", "\ufffd\ufffd\ufffd"],
    ["keeps two marks a base", `e${"\u0301".repeat(50)}x`, "e\u0301\u0301x"],
    ["drops marks without a base", "\u0301a\n\u0301b \u0301c", "a\nb c"],
    ["drops VS16, keycaps, skin tones and joined tails", "⚠️ 1️⃣ 👍🏽 👩🏽‍💻 ❤️‍🔥 👨‍👩‍👧", "⚠ 1 👍 👩 ❤ 👨"],
    ["keeps flags, CJK, Hangul, kana", "🇩🇪漢字한국ｶﾞ", "🇩🇪漢字한국ｶﾞ"],
    ["splits conjuncts, which are measured too narrow", "क्ष", "क्\u200cष"],
  ])("%s", (_, raw, clean) => {
    expect(cleanText(raw)).toBe(clean);
  });

  it("is idempotent and leaves no control but the line end", () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const clean = cleanText(raw);
        expect(cleanText(clean)).toBe(clean);
        // oxlint-disable-next-line no-control-regex
        expect(clean).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
        expect(clean).not.toMatch(/[\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/);
        expect(clean.isWellFormed()).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves graphemes that are as wide as their letters are drawn", () => {
    const wcwidth = (text: string): number => {
      let cells = 0;
      for (const character of text)
        cells += /[\p{Mn}\p{Me}\u200c]/u.test(character) ? 0 : stringWidth(character);
      return cells;
    };
    fc.assert(
      fc.property(hostile, (raw) => {
        // A Hangul syllable of loose jamo is the exception that every terminal knows.
        const clean = cleanText(raw.replaceAll(/[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/g, ""));
        expect(stringWidth(clean)).toBe(wcwidth(clean));
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves no letter that joins with what we draw after it", () => {
    const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
    const block = 0x1000;
    for (let first = 0; first <= 0x10_ffff; first += block) {
      const each = Array.from({ length: block }, (_, index) =>
        cleanText(String.fromCodePoint(first + index)),
      );
      const clean = each.map((character) => `${character}│`).join("");
      const joined = Array.from(graphemes.segment(clean)).find(
        ({ segment }) => segment.indexOf("│") > 0,
      );
      expect(joined).toBeUndefined();
    }
  });

  it("takes linear time", () => {
    const size = 64 * 1024;
    const floods = [
      `${ESC}]`,
      `${ESC}[`,
      `${ESC}[0`,
      ESC,
      `${ESC}P`,
      "\u009d",
      "\u0301",
      "0;",
      "\u200d👩",
      "क्",
      " ",
      "\u202e",
    ];
    for (const flood of floods) {
      const raw = flood.repeat(size / flood.length);
      const tail = `${ESC}[${raw}`;
      const began = performance.now();
      cleanText(raw);
      cleanText(tail);
      cleanLine(raw, 40);
      // Quadratic would be many seconds.
      expect(performance.now() - began).toBeLessThan(1500);
    }
  });
});

describe("cleanLine", () => {
  it("makes one line, so that no row can be spoofed", () => {
    expect(cleanLine("bob\n13:42  alice  hi\u2028there\t!")).toBe("bob 13:42 alice hi there !");
  });

  it.each(["", "  ", "\u200b\u200b", "\u202e", "\u3164", "\u3000\u00a0", "\u2800", `${ESC}[31m`])(
    "names what would be invisible: %j",
    (nick) => {
      expect(cleanLine(nick)).toBe("?");
    },
  );

  it("cuts to cells", () => {
    expect(cleanLine("abcdef", 4)).toBe("abc…");
    expect(cleanLine("漢字漢字", 5)).toBe("漢字…");
    expect(cleanLine("漢字漢字", 4)).toBe("漢…");
    expect(cleanLine("abc", 0)).toBe("…");
  });

  it("is idempotent, one line, and never too wide", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 12 }), (raw, maxCells) => {
        const clean = cleanLine(raw, maxCells);
        expect(clean).toMatch(/^.+$/v);
        expect(cleanLine(clean, maxCells)).toBe(clean);
        expect(stringWidth(clean)).toBeLessThanOrEqual(maxCells);
        expect(cleanLine(cleanLine(raw))).toBe(cleanLine(raw));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("stripControls", () => {
  it("removes controls but keeps what an author wrote", () => {
    expect(stripControls(`${ESC}[31m👩🏽‍💻\u200bx\ty\r\nz\x07`)).toBe("👩🏽‍💻\u200bx    y\nz");
  });
});

describe("truncateCells", () => {
  it("returns what fits as it is", () => {
    expect(truncateCells("漢字", 4)).toBe("漢字");
    expect(truncateCells("", 0)).toBe("");
    expect(truncateCells("a", 0)).toBe("");
  });
});
