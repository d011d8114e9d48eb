import fc from "fast-check";
import { expect, test } from "vitest";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { nickKey, parseNick, parseTopic, quote } from "../../src/protocol/names.ts";
import { nicks, thrown } from "./arbitraries.ts";

test("names of all scripts, marks and emoji are taken", () => {
  const good = [
    "bob",
    "Ада",
    "漢字",
    "हिन्दी",
    "O'Neill",
    "c++",
    "👩‍💻",
    "👩🏽‍🚀",
    "🏳️‍🌈",
    "1️⃣",
    "❤️",
    "日本🗾",
  ];
  for (const nick of good) {
    expect(parseNick(nick), nick).toBe(nick.normalize("NFC"));
    expect(parseTopic(`room:${nick}`), nick).toBe(`room:${nick}`.normalize("NFC"));
  }
});

test("what is drawn as nothing is in no name, so that bob can't be written in two ways", () => {
  const invisible = [
    ...Array.from("\u0000\u0009\u000a\u0020\u007f\u0085\u00a0\u00ad\u034f\u061c\u115f\u1680\u17b4"),
    ...Array.from("\u180b\u200b\u200c\u200d\u200e\u2028\u202e\u2060\u2800\u3000\u3164\ufe00\ufe0f"),
    ...Array.from("\ufeff\uffa0\u{e0041}\ud800"),
  ];
  for (const character of invisible) {
    for (const nick of [character, `bob${character}`, `${character}bob`, `b${character}ob`]) {
      expect(
        thrown(() => parseNick(nick)),
        quote(nick),
      ).toMatchObject({ code: "bad-nick" });
      expect(
        thrown(() => parseTopic(`room:${nick}`)),
        quote(nick),
      ).toMatchObject({
        code: "bad-topic",
      });
    }
  }
});

test("what is punctuation on the wire or in a command is in no name", () => {
  for (const character of ',@"\\&?#') {
    expect(thrown(() => parseNick(`a${character}b`))).toMatchObject({ code: "bad-nick" });
    expect(thrown(() => parseTopic(`room:a${character}b`))).toMatchObject({ code: "bad-topic" });
  }
  for (const character of ":/") {
    expect(thrown(() => parseNick(`a${character}b`))).toMatchObject({ code: "bad-nick" });
    expect(parseTopic(`room:a${character}b`)).toBe(`room:a${character}b`);
  }
});

test("a character is a code point after normalisation", () => {
  expect(parseNick("e\u0301".repeat(32))).toBe("é".repeat(32));
  expect(parseNick("😀".repeat(32))).toBe("😀".repeat(32));
  expect(thrown(() => parseNick("😀".repeat(33)))).toMatchObject({ code: "bad-nick" });
  expect(parseTopic(`room:${"😀".repeat(59)}`)).toHaveLength(5 + 2 * 59);
  expect(thrown(() => parseTopic(`room:${"😀".repeat(60)}`))).toMatchObject({ code: "bad-topic" });
});

test("case and compatibility forms make no other nick", () => {
  const same = [
    ["Alice", "aLICE"],
    ["ＢＯＢ", "bob"],
    ["ﬁx", "FIX"],
    ["straße", "STRASSE"],
    ["ΣΊΣΥΦΟΣ", "σίσυφος"],
    ["①", "1"],
  ];
  for (const [one, other] of same) expect(nickKey(one!), one).toBe(nickKey(other!));
  expect(nickKey("alice")).not.toBe(nickKey("alicе"));
});

test("a nick's key is its own key, whatever the case", () => {
  fc.assert(
    fc.property(fc.oneof(nicks, fc.string({ unit: "grapheme" })), (text) => {
      const nick = text.normalize("NFC");
      // A capital of its iota subscript stands after the letter, and takes the letter's accents.
      fc.pre(!text.normalize("NFD").includes("\u0345"));
      const key = nickKey(nick);
      expect(nickKey(key)).toBe(key);
      expect(nickKey(nick.toUpperCase())).toBe(key);
    }),
  );
});

test("whatever comes as a name is taken or refused by name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const parse of [parseNick, (name: string) => parseTopic(`room:${name}`)]) {
        const error = thrown(() => parse(text));
        expect(error === undefined || error instanceof ProtocolError).toBe(true);
      }
    }),
  );
});

test("a quoted text is short and has nothing in it that a terminal obeys", () => {
  expect(quote("\u001b[31m\u009b\u202e")).toBe('"\\u001b[31m\\u009b\\u202e"');
  expect(quote("\ud800")).toBe('"\\ud800"');
  expect(quote("x".repeat(1000))).toHaveLength(43);
});
