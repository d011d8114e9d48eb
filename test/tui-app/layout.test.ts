import fc from "fast-check";
import { expect, it } from "vitest";
import { type Layout, layoutOf } from "../../src/tui/view/layout.ts";
import { after, fresh } from "./support/states.ts";

const at = (columns: number, rows: number) => layoutOf(fresh({ columns, rows }));

it("has four modes", () => {
  expect(at(120, 36).mode).toBe("full");
  expect(at(100, 28).mode).toBe("full");
  expect(at(80, 24).mode).toBe("medium");
  expect(at(60, 16).mode).toBe("small");
  expect(at(40, 10).mode).toBe("small");
  expect(at(39, 10).mode).toBe("tiny");
  expect(at(40, 9).mode).toBe("tiny");
});

it("fills the terminal exactly, whatever its size and whatever is written", () => {
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 250 }),
    rows: fc.integer({ min: 1, max: 80 }),
  });
  fc.assert(
    fc.property(
      size,
      fc.string({ maxLength: 300 }),
      fc.boolean(),
      fc.boolean(),
      ({ columns, rows }, text, sidebar, noticed) => {
        const notice = noticed ? ({ text: "hm", tone: "info" } as const) : undefined;
        const state = after(fresh({ columns, rows, sidebar, notice }), {
          kind: "edit",
          edit: { kind: "insert", text },
        });
        const { left, log, right, header, strip, body, status, composer, prompt }: Layout =
          layoutOf(state);
        expect(left + log + right).toBe(columns);
        expect(header + strip + body + status + composer.rows.length).toBe(rows);
        expect(prompt).toBeLessThan(Math.max(2, columns));
        expect(composer.cursor.row).toBeLessThan(composer.rows.length);
      },
    ),
  );
});

it("stays the same object while nothing in it changes", () => {
  const state = fresh();
  expect(layoutOf(after(state, { kind: "clock", now: 0 }))).toBe(layoutOf(state));
});
