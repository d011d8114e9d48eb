import fc from "fast-check";
import type { Position, Since } from "../../src/protocol/cursor.ts";

const OF_A_NAME = Array.from("abcXYZ0189-_.!$%()*+;<=>[]^`{|}~äßéжя漢字あ한😀🚀");

const names = (maxLength: number) =>
  fc
    .array(fc.constantFrom(...OF_A_NAME), { minLength: 1, maxLength })
    .map((characters) => characters.join("").normalize("NFC"));

export const nicks = names(20);

export const topics = fc
  .tuple(fc.constantFrom("room", "feed", "who"), names(40))
  .map(([family, name]) => `${family}:${name}`);

export const positions: fc.Arbitrary<Position> = fc.record({
  epoch: fc.stringMatching(/^[0-9a-z]{5}$/),
  offset: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
});

const starts: fc.Arbitrary<Position | Since> = fc.oneof(
  positions,
  fc.constantFrom("now", "beginning"),
  fc.nat({ max: 999_999_999 }),
);

export const cursors = fc
  .uniqueArray(fc.tuple(topics, starts), { selector: ([topic]) => topic, maxLength: 64 })
  .map((entries) => new Map(entries));

/** What a function throws; undefined: nothing. */
export function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
