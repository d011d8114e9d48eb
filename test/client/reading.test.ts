import { expect, test } from "vitest";
import type { Notice } from "../../src/client/events.ts";
import { Reading, type Subscriptions } from "../../src/client/reading.ts";
import type { TopicFrame } from "../../src/protocol/frames.ts";

interface Link {
  readonly wanted: { readonly subscriptions: Subscriptions; readonly number: number };
  readonly topics: Map<number, TopicFrame>;
}

const T = "room:lobby";
const introduction: TopicFrame = {
  kind: "topic",
  n: 1,
  topic: T,
  epoch: "aaaaa",
  after: 0,
  base: 0,
  mode: "log",
};
const event = (offset: number) => ({
  kind: "event" as const,
  n: 1,
  offset,
  at: 0,
  body: {},
  from: "bob",
  superseded: 0,
});

function read(heard: (notice: Notice, reading: Reading<Link>) => void) {
  const offsets: number[] = [];
  const reading: Reading<Link> = new Reading<Link>(new Map([[T, "beginning"]]), {
    tell: (notice) => {
      if (notice.kind === "event") offsets.push(notice.offset);
      heard(notice, reading);
    },
    passed: () => {},
    missing: () => {},
  });
  let links = 0;
  const open = (): Link => {
    const link = {
      wanted: { subscriptions: reading.subscriptions, number: ++links },
      topics: new Map<number, TopicFrame>(),
    };
    reading.introduce(link, introduction);
    return link;
  };
  return { reading, open, offsets };
}

test("events that were held aren't told to whoever has just stopped reading and begun anew", () => {
  const { reading, open, offsets } = read((notice, self) => {
    if (notice.kind !== "event" || notice.offset !== 2) return;
    self.unsubscribe(T);
    self.subscribe(T, "now");
  });
  const link = open();
  for (const offset of [1, 3, 4, 2, 5]) reading.accept(link, event(offset));
  expect(offsets).toEqual([1, 2]);
  // A link that is made for the new wish has its say.
  reading.accept(open(), event(1));
  expect(offsets).toEqual([1, 2, 1]);
});

test("a link that was made for other topics isn't what is wanted", () => {
  const { reading, open } = read(() => {});
  const link = open();
  expect(reading.isRead(link)).toBe(true);
  reading.subscribe("room:b", "now");
  expect(reading.isRead(link)).toBe(false);
  reading.unsubscribe("room:b");
  expect(reading.isRead(link)).toBe(true);
  reading.unsubscribe(T);
  reading.subscribe(T, "beginning");
  expect(reading.isRead(link)).toBe(false);
  // Nor does it ask for what isn't wanted any more.
  expect(reading.starts(link.wanted.subscriptions).size).toBe(0);
});

test("a topic is told once, however often links introduce it, and again when something about it changes", () => {
  const told: Notice[] = [];
  const { reading, open } = read((notice) => void (notice.kind === "topic" && told.push(notice)));
  open();
  const link = open();
  expect(told).toHaveLength(1);
  reading.introduce(link, { ...introduction, epoch: "bbbbb" });
  expect(told).toHaveLength(2);
});

test("whoever has enough when a topic is told hears nothing of its gap", () => {
  const kinds: string[] = [];
  const { reading, open } = read((notice, self) => {
    kinds.push(notice.kind);
    if (notice.kind === "topic") self.unsubscribe(T);
  });
  const link = open();
  reading.introduce(link, { ...introduction, gap: { from: 1, to: 3, reason: "trimmed" } });
  expect(kinds).toEqual(["topic"]);
  reading.subscribe(T, "beginning");
  const gap = { from: 1, to: 3, reason: "trimmed" } as const;
  reading.introduce(link, { ...introduction, gap });
  reading.introduce(
    { ...link, wanted: { subscriptions: reading.subscriptions, number: 2 } },
    { ...introduction, gap },
  );
  expect(kinds).toEqual(["topic", "topic"]);
});

test("what comes late of a log that is no more is neither told nor read, and is missing on its link", () => {
  const kinds: string[] = [];
  const { reading, open, offsets } = read(({ kind }) => void kinds.push(kind));
  const [late, link] = [open(), open()];
  reading.introduce(link, { ...introduction, epoch: "bbbbb" });
  reading.accept(link, event(1));
  kinds.length = 0;
  reading.introduce(late, introduction);
  // It may as well be the new log of a link that outlived a newer one: then another link says so.
  expect(reading.lacks(late)).toBe(true);
  reading.accept(late, event(1));
  expect(kinds).toEqual([]);
  expect(offsets).toEqual([1]);
  expect([reading.lacks(late), reading.lacks(link)]).toEqual([true, false]);
});
