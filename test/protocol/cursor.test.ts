import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeCursor,
  decodePosition,
  decodeSince,
  encodeCursor,
  encodePosition,
} from "../../src/protocol/cursor.ts";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { cursors, positions, thrown } from "./arbitraries.ts";

test("a position survives the wire", () => {
  fc.assert(
    fc.property(positions, (position) => {
      expect(decodePosition(encodePosition(position))).toEqual(position);
    }),
  );
});

test("a cursor survives the wire, in its order", () => {
  fc.assert(
    fc.property(cursors, (cursor) => {
      expect([...decodeCursor(encodeCursor(cursor))]).toEqual([...cursor]);
    }),
  );
});

test("what isn't a position is none", () => {
  const wrong = ["", "k3f9a", "k3f9a.", "k3f9a.-1", "k3f9a.01", "K3F9A.1", "k3f9.1", "k3f9a.1 "];
  for (const text of [...wrong, "k3f9a.9007199254740992", "k3f9a.1.1", "__proto__.1"]) {
    expect(decodePosition(text), text).toBeUndefined();
  }
});

test("since is now, beginning or a number of events", () => {
  expect(["now", "beginning", "0", "20"].map(decodeSince)).toEqual(["now", "beginning", 0, 20]);
  for (const text of ["", "-1", "1.5", "then", "1e3"]) expect(decodeSince(text)).toBeUndefined();
});

test("a garbled position is kept, to be spoken of; a garbled cursor is refused", () => {
  expect([...decodeCursor("room:a@zz,room:b@k3f9a.1")]).toEqual([
    ["room:a", "unreadable"],
    ["room:b", { epoch: "k3f9a", offset: 1 }],
  ]);
  expect(thrown(() => decodeCursor("room:a"))).toMatchObject({ code: "bad-cursor" });
  expect(thrown(() => decodeCursor("lobby@now"))).toMatchObject({ code: "bad-topic" });
  const many = Array.from({ length: 65 }, (_, index) => `room:${index}@now`).join(",");
  expect(thrown(() => decodeCursor(many))).toMatchObject({ code: "too-many-topics" });
});

test("whatever comes as a cursor is read or refused by name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const error = thrown(() => decodeCursor(text));
      expect(error === undefined || error instanceof ProtocolError).toBe(true);
    }),
  );
});
