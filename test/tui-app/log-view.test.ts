import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currentRoom, type Room, type State } from "../../src/tui/store/state.ts";
import { cells } from "../../src/tui/text/width.ts";
import type { Pane } from "../../src/tui/view/entry.ts";
import { logRows, scrollLog } from "../../src/tui/view/log.ts";
import { rowText } from "./support/text.ts";
import { ack, after, event, fresh, LOBBY, NOON, said } from "./support/states.ts";

const pane: Pane = { width: 40, height: 8, nicks: 6, minute: NOON };

function draw(state: State, change: Partial<Pane> = {}): string[] {
  return logRows(currentRoom(state), { ...pane, ...change }).map((row) => rowText(row).trimEnd());
}

function moved(state: State, by: number): State {
  const { anchor } = scrollLog(currentRoom(state), pane, by);
  return after(state, { kind: "scroll", topic: LOBBY, anchor });
}

const many = (count: number, first = 1) =>
  Array.from({ length: count }, (_, index) => event(first + index));

describe("the log", () => {
  it("shows days, times and nicks, and leaves out what is the same as above", () => {
    const state = after(
      fresh(),
      event(1, { text: "one\ntwo" }),
      event(2, { text: "three" }),
      event(3, { from: "carol", text: "waves", me: true }),
      event(4, {
        from: "carol",
        text: "a text that is too long for one row of it",
        at: NOON + 60_000,
      }),
    );
    expect(draw(state, { height: 8 })).toEqual([
      "── beginning of history ────────────────",
      "─ Tue 6 Oct ────────────────────────────",
      "12:00   bob  one",
      "             two",
      "             three",
      "12:00     *  carol waves",
      "12:01 carol  a text that is too long",
      "             for one row of it",
    ]);
  });

  it("puts the nick before the text in narrow panes", () => {
    const state = after(
      fresh(),
      event(1, { text: "a text that is too long for one row of it" }),
      said(1, "mine"),
    );
    expect(draw(state, { width: 30, nicks: 0, height: 4 })).toEqual([
      "─ Tue 6 Oct ──────────────────",
      "bob  a text that is too long",
      "    for one row of it",
      "alice  mine                  …",
    ]);
  });

  it("shows the fate of own messages at the end of the row", () => {
    const sent = after(fresh(), said(1, "hi"), said(2, "ho"), ack(1, 1), {
      kind: "refused",
      topic: LOBBY,
      publish: 2,
      reason: "too long",
    });
    expect(draw(sent).slice(-3)).toEqual(
      [
        "12:00 alice  hi                       ✓",
        "             ho                       ✗",
        "             too long — Alt+R sends it",
      ]
        .concat("             again")
        .slice(-3),
    );
  });

  it("marks what is new, and ends a day", () => {
    const tomorrow = NOON + 86_400_000;
    const state = after(
      fresh(),
      event(1),
      { kind: "join", topic: "room:dev", now: NOON },
      event(2, { at: tomorrow }),
      { kind: "go", topic: LOBBY },
    );
    expect(draw(state).slice(-3)).toEqual([
      "─ Wed 7 Oct ────────────────────────────",
      "─── new ────────────────────────────────",
      "12:00   bob  text 2",
    ]);
  });

  it("begins each screen with a time and a nick", () => {
    expect(draw(after(fresh(), ...many(20)))[0]).toBe("12:00   bob  text 13");
  });
});

describe("scrolling", () => {
  it("goes up and down by rows and stops at both ends", () => {
    const state = after(fresh(), ...many(20));
    const up = moved(state, -5);
    expect(draw(up).at(-1)).toContain("text 15");
    expect(draw(moved(up, 2)).at(-1)).toContain("text 17");
    expect(currentRoom(moved(up, 5)).anchor).toBeUndefined();
    const top = moved(state, Number.NEGATIVE_INFINITY);
    expect(draw(top)[0]).toContain("beginning of history");
    expect(draw(moved(top, -3))).toEqual(draw(top));
  });

  it("stays with its message while others come and pages of the past are joined on", () => {
    const up = moved(after(fresh(), ...many(20, 101)), -5);
    const page = {
      epoch: "e1",
      first: 99,
      messages: [{ epoch: "e1", offset: 99, at: NOON, from: "bob", text: "old", me: false }],
      more: false,
    };
    expect(draw(after(up, ...many(5, 121)))).toEqual(draw(up));
    expect(draw(after(up, { kind: "past", topic: LOBBY, page }))).toEqual(draw(up));
  });

  it("says how much of the way up there was not", () => {
    const room: Room = currentRoom(after(fresh(), ...many(20, 101)));
    expect(scrollLog(room, pane, -4).missing).toBe(0);
    // 20 messages, the day and the row that says that there is more, of which 8 are on the screen.
    expect(scrollLog(room, pane, -20).missing).toBe(6);
  });

  it("needs nothing where all fits", () => {
    expect(currentRoom(moved(after(fresh(), event(1)), -5)).anchor).toBeUndefined();
  });
});

it("never draws a row that is too wide, and always as many rows as there is room for", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", " ", "日", "é", "\n", "👩", "word "),
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 8 }),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(12),
      fc.constantFrom(0, 6),
      (texts, width, height, nicks) => {
        const events = texts.map((said, index) =>
          event(index + 1, { text: said, from: index % 2 ? "bob" : "日本" }),
        );
        const rows = logRows(currentRoom(after(fresh(), ...events, said(1, texts[0] ?? ""))), {
          width,
          height,
          nicks,
          minute: NOON,
        });
        expect(rows).toHaveLength(height);
        if (width >= 24)
          for (const row of rows) expect(cells(rowText(row))).toBeLessThanOrEqual(width);
      },
    ),
  );
});
