import fc from "fast-check";
import { expect, test } from "vitest";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { type Hello, helloQuery, parseHello, parseIdentity } from "../../src/protocol/hello.ts";
import { cursors, nicks, thrown } from "./arbitraries.ts";

const links = fc.record({
  session: fc.stringMatching(/^[0-9A-Za-z_-]{1,32}$/),
  number: fc.nat({ max: 999_999_999 }),
});

function parse(query: string, lastEventId?: string): Hello {
  return parseHello(new URL(`http://server/v1/polling?${query}`).searchParams, { lastEventId });
}

test("a hello survives the URL", () => {
  const hellos = fc.record({
    topics: cursors,
    nick: fc.option(nicks, { nil: undefined }),
    link: links,
  });
  fc.assert(
    fc.property(hellos, (hello) => {
      const read = parse(helloQuery(hello));
      expect({ ...read, topics: [...read.topics] }).toEqual({
        ...hello,
        identity: undefined,
        topics: [...hello.topics],
      });
    }),
  );
});

test("topics without a position begin at since, those in the cursor read on", () => {
  const hello = parse("topic=room:a&topic=room:b&since=5&cursor=room:b@k3f9a.7,room:c@2");
  expect(Object.fromEntries(hello.topics)).toEqual({
    "room:a": 5,
    "room:b": { epoch: "k3f9a", offset: 7 },
    "room:c": 2,
  });
});

test("Last-Event-ID goes by the order of the URL's topics and before everything else", () => {
  const hello = parse("topic=room:a&topic=room:b&since=5", "k3f9a.1,k3f9a.2");
  expect([...hello.topics]).toEqual([
    ["room:a", { epoch: "k3f9a", offset: 1 }],
    ["room:b", { epoch: "k3f9a", offset: 2 }],
  ]);
});

test("a Last-Event-ID that can't be read is spoken of and never refused", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (id) => {
      expect(parse("topic=room:a&topic=room:b", `${id},k3f9a.x`).topics.get("room:b")).toBe(
        "unreadable",
      );
    }),
  );
});

test.each([
  ["", "bad-request"],
  ["since=5", "bad-request"],
  ["topic=room:a&since=then", "bad-request"],
  ["topic=room:a&sinse=now", "bad-request"],
  ["topic=room:a&link=x", "bad-request"],
  [`topic=room:a&link=${"x".repeat(33)}.1`, "bad-request"],
  ["topic=lobby", "bad-topic"],
  ["topic=room:", "bad-topic"],
  ["topic=room:a%20b", "bad-topic"],
  ["topic=room:a%00b", "bad-topic"],
  [`topic=room:${"x".repeat(60)}`, "bad-topic"],
  ["topic=room:a&nick=a%20b", "bad-nick"],
  ["topic=room:a&nick=", "bad-nick"],
  [`topic=room:a&nick=${"x".repeat(33)}`, "bad-nick"],
  ["cursor=room:a", "bad-cursor"],
  [Array.from({ length: 65 }, (_, i) => `topic=room:${i}`).join("&"), "too-many-topics"],
])("%s is refused as %s", (query, code) => {
  const error = thrown(() => parse(query));
  expect(error).toBeInstanceOf(ProtocolError);
  expect(error).toMatchObject({ code });
});

test("a link with a name may read nothing, and 64 topics are not too many", () => {
  expect(parse("link=abc.1").topics.size).toBe(0);
  const query = Array.from({ length: 64 }, (_, index) => `topic=room:${index}`).join("&");
  expect(parse(query).topics.size).toBe(64);
});

test("an identity is 16 to 128 printable characters after Bearer", () => {
  const secret = "s".repeat(16);
  expect(parseIdentity(`Bearer ${secret}`)).toBe(secret);
  expect(parseIdentity(`bearer ${secret}`)).toBe(secret);
  expect(parseIdentity(undefined)).toBeUndefined();
  for (const wrong of ["Bearer short", `Basic ${secret}`, `Bearer ${"s".repeat(129)}`, secret]) {
    expect(thrown(() => parseIdentity(wrong))).toMatchObject({ code: "bad-request" });
  }
});
