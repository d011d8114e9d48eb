import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layoutComposer } from "../../src/tui/composer/layout.ts";
import {
  emptyComposer,
  MAX_HISTORY,
  MAX_TEXT_BYTES,
  reduceComposer,
  submit,
  type ComposerAction,
  type ComposerState,
  type EditName,
} from "../../src/tui/composer/state.ts";
import { cells } from "../../src/tui/text/width.ts";
import { hostile } from "./support/hostile.ts";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** `|` marks the cursor. */
function written(marked: string, history: string[] = []): ComposerState {
  const cursor = marked.indexOf("|");
  return reduceComposer(emptyComposer(history), {
    kind: "set",
    text: marked.replace("|", ""),
    cursor,
  });
}

function marked({ text, cursor }: ComposerState): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function run(state: ComposerState, ...names: (EditName | { type: string })[]): ComposerState {
  return names.reduce(
    (at, name) =>
      reduceComposer(
        at,
        typeof name === "string" ? { kind: name } : { kind: "insert", text: name.type },
      ),
    state,
  );
}

const edits: Record<EditName, [before: string, after: string][]> = {
  left: [
    ["ab|", "a|b"],
    ["|ab", "|ab"],
    ["👩🏽‍💻|", "|👩🏽‍💻"],
    ["e\u0301|", "|e\u0301"],
  ],
  right: [
    ["|ab", "a|b"],
    ["ab|", "ab|"],
    ["|🇩🇪x", "🇩🇪|x"],
  ],
  "word-left": [
    ["one two|", "one |two"],
    ["one, |two", "|one, two"],
    ["|one", "|one"],
    ["größe|", "|größe"],
  ],
  "word-right": [
    ["|one two", "one| two"],
    ["one| two", "one two|"],
    ["one|", "one|"],
  ],
  home: [["one\ntw|o", "one\n|two"]],
  end: [["o|ne\ntwo", "one|\ntwo"]],
  up: [
    ["one\ntw|o", "on|e\ntwo"],
    ["a\nlonger|", "a|\nlonger"],
    ["\n\n|", "\n|\n"],
    ["漢字\nabc|", "漢|字\nabc"],
  ],
  down: [
    ["on|e\ntwo", "one\ntw|o"],
    ["|\nx", "\n|x"],
  ],
  backspace: [
    ["ab|c", "a|c"],
    ["|a", "|a"],
    ["👨‍👩‍👧|", "|"],
    ["a\n|b", "a|b"],
  ],
  delete: [
    ["a|bc", "a|c"],
    ["a|", "a|"],
    ["|👍🏽b", "|b"],
  ],
  "kill-blank-left": [["see http://x.y/z  |", "see |"]],
  "kill-word-left": [["see http://x.y|", "see http://x.|"]],
  "kill-word-right": [["one| two three", "one| three"]],
  "kill-to-start": [
    ["a\nbc|d", "a\n|d"],
    ["a\n|d", "a|d"],
  ],
  "kill-to-end": [
    ["a|bc\nd", "a|\nd"],
    ["a|\nd", "a|d"],
    ["a|", "a|"],
  ],
  yank: [["a|b", "a|b"]],
  newline: [["a|b", "a\n|b"]],
  clear: [["ab|c", "|"]],
};

describe("composer", () => {
  it.each(
    Object.entries(edits).flatMap(([name, all]) =>
      all.map(([before, after]) => [name, before, after]),
    ),
  )("%s: %j → %j", (name, before, after) => {
    expect(marked(run(written(before ?? ""), name as EditName))).toBe(after);
  });

  it("inserts at the cursor, and keeps it between graphemes", () => {
    expect(marked(run(written("a|c"), { type: "b" }))).toBe("ab|c");
    expect(marked(run(written("a|\u0301"), { type: "x" }))).toBe("a\u0301x|");
    expect(marked(run(written("|"), { type: "👩" }, { type: "\u200d" }, { type: "💻" }))).toBe(
      "👩‍💻|",
    );
  });

  it("takes no control characters in, and tabs as spaces", () => {
    expect(run(written("|"), { type: "\x1b[31ma\tb\r\nc\x07" }).text).toBe("a    b\nc");
  });

  it("joins kills that follow each other, and yanks them", () => {
    const left = run(written("one two three|"), "kill-word-left", "kill-word-left");
    expect(marked(run(left, "yank", "yank"))).toBe("one two threetwo three|");
    const both = run(written("one |two"), "kill-blank-left", "kill-to-end");
    expect(both.killed).toBe("one two");
    expect(run(written("one two|"), "kill-word-left", "left", "kill-word-left").killed).toBe("one");
  });

  it("keeps its column over short lines", () => {
    const start = written("abcd\n\nabcd|");
    expect(marked(run(start, "up", "up"))).toBe("abcd|\n\nabcd");
    expect(marked(run(start, "up", "left", "down"))).toBe("abcd\n|\nabcd");
  });

  it("goes through the history and comes back to the draft", () => {
    const start = written("dra|ft", ["one", "two"]);
    expect(run(start, "up").text).toBe("two");
    expect(run(start, "up", "up").text).toBe("one");
    expect(run(start, "up", "up", "up").text).toBe("one");
    expect(run(start, "up", "up", "down").text).toBe("two");
    const back = run(start, "up", "up", "down", "down", "down");
    expect(marked(back)).toBe("draft|");
  });

  it("goes through lines first", () => {
    const start = written("a\nb|", ["old"]);
    expect(run(start, "up").text).toBe("a\nb");
    expect(run(start, "up", "up").text).toBe("old");
  });

  it("loses no draft when an old entry is edited or sent", () => {
    const edited = run(written("draft|", ["old"]), "up", { type: "!" });
    expect(edited.text).toBe("old!");
    expect(run(edited, "up").text).toBe("draft");
    const sent = submit(run(written("draft|", ["old"]), "up"));
    expect(sent.text).toBe("old");
    expect(sent.state.history).toEqual(["old", "draft", "old"]);
  });

  it("brings back what was cleared", () => {
    const start = run(written("draft|"), "clear");
    expect(start.text).toBe("");
    expect(run(start, "up").text).toBe("draft");
  });

  it("gives what was written and starts anew", () => {
    const { state, text } = submit(written("a\nb|"));
    expect(text).toBe("a\nb");
    expect(state.text).toBe("");
    expect(state.history).toEqual(["a\nb"]);
    expect(submit(written(" \n|")).text).toBeUndefined();
    expect(submit(written(" \n|")).state.text).toBe(" \n");
  });

  it("bounds the history and keeps no repeats", () => {
    let state = emptyComposer();
    for (let n = 0; n < MAX_HISTORY + 5; n++) {
      state = submit(run(state, { type: `m${n}` })).state;
      state = submit(run(state, { type: `m${n}` })).state;
    }
    expect(state.history).toHaveLength(MAX_HISTORY);
    expect(state.history[0]).toBe("m5");
  });

  it("refuses what is too long as a whole, and says so", () => {
    const full = run(written("|"), { type: "é".repeat(MAX_TEXT_BYTES / 2) });
    expect(full.full).toBe(false);
    const more = run(full, { type: "x" });
    expect(more.text).toBe(full.text);
    expect(more.full).toBe(true);
    expect(run(more, "left").full).toBe(false);
    expect(run(more, "backspace", { type: "xy" }).full).toBe(false);
    expect(run(written("kept|"), { type: "x".repeat(100 * 1024) })).toMatchObject({
      text: "kept",
      full: true,
    });
  });

  it("answers a key at once in the longest text", () => {
    let state = run(written("|"), { type: "漢 ".repeat(MAX_TEXT_BYTES / 4) });
    const began = performance.now();
    for (let n = 0; n < 100; n++) {
      state = run(state, "left", "backspace", { type: "x" }, "word-left", {
        type: "y".repeat(100 * 1024),
      });
    }
    expect(performance.now() - began).toBeLessThan(2000);
  });

  const action: fc.Arbitrary<ComposerAction> = fc.oneof(
    fc.constantFrom(...(Object.keys(edits) as EditName[])).map((kind) => ({ kind })),
    hostile.map((text) => ({ kind: "insert" as const, text })),
    fc
      .constantFrom("\u0301", "\u200d", "💻", "🇩", "a", " ")
      .map((text) => ({ kind: "insert" as const, text })),
    fc.record({
      kind: fc.constant("set" as const),
      text: hostile,
      cursor: fc.integer({ min: -2, max: 50 }),
    }),
    fc
      .integer({ min: 1, max: 20 })
      .map((n) => ({ kind: "insert" as const, text: "é ".repeat(n * 500) })),
  );

  it("keeps its cursor between graphemes and its text within bounds, whatever is done", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        let state = emptyComposer(["old 👩🏽‍💻", "older\nlines"]);
        for (const next of actions) {
          state = reduceComposer(state, next);
          const starts = [...graphemes.segment(state.text)].map(({ index }) => index);
          expect([...starts, state.text.length, 0]).toContain(state.cursor);
          expect(Buffer.byteLength(state.text)).toBeLessThanOrEqual(MAX_TEXT_BYTES);
          // oxlint-disable-next-line no-control-regex
          expect(state.text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("layoutComposer", () => {
  const at = (text: string, width: number, maxRows: number, scroll?: number) => {
    const { rows, cursor } = layoutComposer(written(text), width, maxRows, scroll);
    return { rows, cursor: [cursor.row, cursor.col] };
  };

  it.each<[string, string, number, string[], [number, number]]>([
    ["nothing", "|", 5, [""], [0, 0]],
    ["one row", "ab|c", 5, ["abc"], [0, 2]],
    ["wide characters", "漢字|", 5, ["漢字"], [0, 4]],
    ["lines", "a\nb|c", 5, ["a", "bc"], [1, 1]],
    ["the end of a line", "a|\nbc", 5, ["a", "bc"], [0, 1]],
    ["a full row", "abc|", 3, ["abc", ""], [1, 0]],
    ["a full row without the cursor", "|abc", 3, ["abc"], [0, 0]],
    ["words", "one two|", 5, ["one ", "two"], [1, 3]],
    ["hanging spaces", "abc  |d", 3, ["abc", "d"], [1, 0]],
    ["the cursor on a hanging space", "abc| d", 3, ["abc", "d"], [0, 2]],
    ["an emoji that terminals disagree about", "👩🏽‍💻|x", 5, ["👩x"], [0, 2]],
    ["what can't be seen", "a\u200b|b", 5, ["ab"], [0, 1]],
  ])("places %s", (_, text, width, rows, cursor) => {
    expect(at(text, width, 9)).toEqual({ rows, cursor });
  });

  it("scrolls no more than it must", () => {
    expect(at("1\n2\n3\n4|", 5, 2)).toEqual({ rows: ["3", "4"], cursor: [1, 1] });
    expect(at("1\n2\n3|\n4", 5, 2, 2)).toEqual({ rows: ["3", "4"], cursor: [0, 1] });
    expect(at("1\n2|\n3\n4", 5, 2, 2)).toEqual({ rows: ["2", "3"], cursor: [0, 1] });
    expect(at("1|\n2", 5, 2, 9)).toEqual({ rows: ["1", "2"], cursor: [0, 1] });
  });

  it("always shows the cursor and never exceeds its box", () => {
    const size = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(
        hostile,
        fc.nat(60),
        size,
        size,
        fc.nat(5),
        (text, index, width, height, scroll) => {
          const state = reduceComposer(emptyComposer(), { kind: "set", text, cursor: index });
          const { rows, cursor, ...rest } = layoutComposer(state, width, height, scroll);
          expect(rows.length).toBeGreaterThan(0);
          expect(rows.length).toBeLessThanOrEqual(Math.max(1, height));
          for (const row of rows) expect(cells(row)).toBeLessThanOrEqual(Math.max(1, width));
          expect(rows[cursor.row]).toBeDefined();
          expect(cursor.col).toBeGreaterThanOrEqual(0);
          expect(cursor.col).toBeLessThan(Math.max(1, width));
          expect(rest.scroll + rows.length).toBeLessThanOrEqual(rest.total);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
