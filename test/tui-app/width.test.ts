import stringWidth from "string-width";
import { expect, it } from "vitest";
import { cells } from "../../src/tui/text/width.ts";

it("measures what the interface draws as string-width does", () => {
  const points = [
    [0x20, 0x7e],
    [0xb7, 0xb7],
    [0x2014, 0x2014],
    [0x2026, 0x2026],
    [0x2190, 0x2193],
    [0x2500, 0x25cf],
    [0x2713, 0x2717],
  ] as const;
  for (const [first, last] of points) {
    for (let point = first; point <= last; point += 1) {
      // Twice, because a single character is looked up elsewhere.
      const text = String.fromCodePoint(point, point);
      expect([text, cells(text)]).toEqual([text, stringWidth(text)]);
    }
  }
});
