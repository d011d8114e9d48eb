import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../src/protocol/errors.ts";
import {
  encodeClientFrame,
  encodeServerFrame,
  type Json,
  packBody,
  unpackBody,
} from "../../src/protocol/frames.ts";
import {
  checkBody,
  parseClientFrame,
  parseServerFrame,
  parseServerFrames,
} from "../../src/protocol/parse.ts";
import { thrown } from "./arbitraries.ts";

const publish = (fields: object) =>
  JSON.stringify({ kind: "publish", producer: "producer", number: 1, topic: "room:a", ...fields });

describe("a client's frame", () => {
  test("of each kind is read back as it was sent", () => {
    const frames = [
      { kind: "publish", producer: "producer", number: 1, topic: "room:a", body: { text: "hi" } },
      { kind: "ping", id: 7 },
      { kind: "bye" },
    ] as const;
    for (const frame of frames) expect(parseClientFrame(encodeClientFrame(frame))).toEqual(frame);
    expect(encodeClientFrame(frames[0])).toContain('"body":"hi"');
  });

  test.each([
    ["", "bad-frame"],
    ["hello", "bad-frame"],
    ["7", "bad-frame"],
    ["null", "bad-frame"],
    ["[1,2]", "bad-frame"],
    ["{}", "bad-frame"],
    ['{"kind":5}', "bad-frame"],
    ['{"kind":"ping"}', "bad-frame"],
    ['{"kind":"ping","id":-1}', "bad-frame"],
    ['{"kind":"ping","id":1e300}', "bad-frame"],
    ['{"kind":"subscribe"}', "unknown-kind"],
    ['{"kind":"__proto__"}', "unknown-kind"],
    ['{"kind":"constructor"}', "unknown-kind"],
    ['{"__proto__":{"kind":"bye"}}', "bad-frame"],
    [publish({}), "bad-frame"],
    [publish({ body: "x", number: 0 }), "bad-frame"],
    [publish({ body: "x", number: 1.5 }), "bad-frame"],
    [publish({ body: "x", producer: "short" }), "bad-frame"],
    [publish({ body: "x", topic: "lobby" }), "bad-topic"],
    [publish({ body: "x".repeat(16 * 1024 + 1) }), "text-too-long"],
    [publish({ body: "ä".repeat(8 * 1024 + 1) }), "text-too-long"],
    [publish({ body: ["x".repeat(16 * 1024)] }), "text-too-long"],
    [publish({ body: "\u0001".repeat(11 * 1024) }), "frame-too-large"],
    [publish({ body: "x".repeat(64 * 1024) }), "frame-too-large"],
    [publish({ body: nested(33) }), "bad-body"],
  ])("%.40s is refused as %s", (line, code) => {
    const error = thrown(() => parseClientFrame(line));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).not.toContain("\n");
  });

  test("may hold 16 KiB of text, and bodies 32 levels deep", () => {
    for (const body of ["x".repeat(16 * 1024), "ä".repeat(8 * 1024), nested(32)]) {
      expect(parseClientFrame(publish({ body })).kind).toBe("publish");
    }
  });

  test("of an unknown kind is answered by that name and with what is known", () => {
    const error = thrown(() => parseClientFrame('{"kind":"subscribe"}')) as Error;
    expect(error.message).toBe('unknown frame kind "subscribe": expected publish, ping or bye');
  });

  test("nested as deep as a frame can be is refused, not fatal", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"kind":', "}"],
      ['{"kind":"publish","body":', "}"],
      ['{"a":', "}"],
    ] as const) {
      const depth = Math.floor((60 * 1024) / (open.length + close.length));
      const line = `${open.repeat(depth)}1${close.repeat(depth)}`;
      expect(thrown(() => parseClientFrame(line))).toBeInstanceOf(ProtocolError);
      expect(
        thrown(() => parseServerFrame(line)) ?? new ProtocolError("bad-frame", ""),
      ).toBeInstanceOf(ProtocolError);
    }
  });

  test("is read or refused by name, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (line) => {
        const error = thrown(() => parseClientFrame(line));
        expect(error === undefined || error instanceof ProtocolError).toBe(true);
      }),
    );
  });
});

describe("a body", () => {
  test("that is a string and {text} alone are the same on the wire and in programs", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = value as Json;
        expect(packBody(unpackBody(body))).toEqual(packBody(body));
        expect(unpackBody(packBody(unpackBody(body)))).toEqual(unpackBody(body));
      }),
    );
    expect(packBody({ text: "hi" })).toBe("hi");
    expect(unpackBody("hi")).toEqual({ text: "hi" });
  });

  test("with more than a text stays an object", () => {
    for (const body of [
      { text: "waves", me: true },
      { text: 5 },
      { Text: "x" },
      {},
      JSON.parse('{"text":"x","__proto__":1}') as Json,
    ]) {
      expect(packBody(body)).toBe(body);
    }
  });

  test("too long once it is escaped says so", () => {
    expect((thrown(() => checkBody("\u0001".repeat(16 * 1024))) as Error).message).toContain(
      "must fit into a frame",
    );
  });
});

describe("a server's frame", () => {
  test("of a kind that isn't known is passed over", () => {
    expect(parseServerFrame('{"kind":"news","of":1}')).toBeUndefined();
    expect(parseServerFrame('{"kind":"toString"}')).toBeUndefined();
    expect(parseServerFrames('{"kind":"news"}\n\n{"kind":"heartbeat"}\n')).toEqual([
      { kind: "heartbeat" },
    ]);
  });

  test("that is an array is an event", () => {
    expect(parseServerFrame('[1,1042,-5,"hello"]')).toEqual({
      kind: "event",
      n: 1,
      offset: 1042,
      at: -5,
      body: { text: "hello" },
      from: "",
      superseded: 0,
    });
    expect(parseServerFrame('[3,85,54001,{"a":1},"bob",7]')).toMatchObject({
      from: "bob",
      superseded: 7,
    });
  });

  test.each([
    "[]",
    "[1,2,3]",
    '["1",2,3,"x"]',
    "[1,2,3,4,5]",
    '[1,2,3,"x","bob",-1]',
    "[1,1e99,3,4]",
  ])("%s is no event", (line) => {
    expect(thrown(() => parseServerFrame(line))).toMatchObject({ code: "bad-frame" });
  });

  test("names an error code that a newer server made up, and is not retried", () => {
    const frame = parseServerFrame('{"kind":"nack","number":1,"code":"moon","message":"full"}');
    expect(frame).toMatchObject({ code: "bad-request", message: "full" });
  });

  test("is one line", () => {
    const error = { kind: "error", code: "busy", message: "two\nlines\u2028" } as const;
    expect(encodeServerFrame(error)).not.toContain("\n");
  });
});

function nested(levels: number): Json {
  let body: Json = 1;
  for (let level = 0; level < levels; level++) body = [body];
  return body;
}
