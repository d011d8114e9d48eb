import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDay } from "../../src/server/feeds/day.ts";

describe("the day of a date", () => {
  it.each([
    ["2000-01-03", "2000-01-03"],
    ["Jan 3 2000", "2000-01-03"],
    ["jan 03, 2000", "2000-01-03"],
    ["Sept. 30 1999", "1999-09-30"],
    ["December 31 2024", "2024-12-31"],
    ["Feb 29 2024", "2024-02-29"],
  ])("reads %s", (text, iso) => {
    expect(parseDay(text)).toBe(Date.parse(`${iso}T00:00:00Z`));
  });

  it.each([
    "",
    "2000",
    "2000-1-3",
    "2000-13-01",
    "2000-00-10",
    "2000-02-30",
    "2023-02-29",
    "0050-01-01",
    "2000-01-03T00:00:00Z",
    "1/3/2000",
    "20000103",
    "Feb 31 2000",
    "Foo 3 2000",
    "Ja 3 2000",
    "Januaryy 3 2000",
    "Jan 0 2000",
    "Jan 3 99",
    "3 Jan 2000",
    "NaN",
  ])("refuses %j", (text) => {
    expect(parseDay(text)).toBeUndefined();
  });

  it("gives one number for two spellings of a day", () => {
    const noInvalidDate = true;
    const min = new Date("1000-01-01T00:00:00Z");
    const max = new Date("9999-12-31T00:00:00Z");
    fc.assert(
      fc.property(fc.date({ noInvalidDate, min, max }), (date) => {
        const iso = date.toISOString().slice(0, 10);
        const named = date.toLocaleDateString("en-US", { dateStyle: "medium", timeZone: "UTC" });
        expect(parseDay(iso)).toBe(Date.parse(iso));
        expect(parseDay(named)).toBe(Date.parse(iso));
      }),
    );
  });
});
