import fc from "fast-check";
import { expect, test } from "vitest";
import { returnSlots, Slots } from "../../src/server/slots.ts";

test("however many slots are taken, they lie evenly: each of ten parts has its share", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), (count) => {
      const slots = new Slots(1_000);
      const parts = Array.from({ length: 10 }, () => 0);
      for (let n = 0; n < count; n++) parts[Math.floor((slots.next() - 1) / 100)]! += 1;
      for (const part of parts) expect(Math.abs(part - count / 10)).toBeLessThan(5);
    }),
  );
});

test.each([
  [1, 2_000],
  [400, 2_000],
  [1_000, 5_000],
  [4_000, 20_000],
  [50_000, 20_000],
])("%i links come back within %i ms", (links, ms) => {
  const slots = returnSlots(links);
  const all = Array.from({ length: 2_000 }, () => slots.next());
  expect(Math.min(...all)).toBeGreaterThan(0);
  expect(Math.max(...all)).toBeLessThanOrEqual(ms);
  expect(Math.max(...all)).toBeGreaterThan(ms * 0.99);
});
