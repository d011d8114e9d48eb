import { describe, expect, it } from "vitest";
import type { Notice, TopicEvent } from "../../src/client/events.ts";
import { actionsOf, tickOf } from "../../src/tui/store/notices.ts";
import { HOSTILE } from "./support/hostile.ts";
import { LOBBY, NOON } from "./support/states.ts";

function event(topic: string, body: TopicEvent["body"], from = "bob"): TopicEvent {
  return { kind: "event", topic, offset: 1, epoch: "e1", at: NOON, from, body, superseded: 0 };
}

const texts = (value: unknown): string[] => {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
};

describe("what the session tells", () => {
  it("becomes messages, actions, topic lines and presence", () => {
    const [said] = actionsOf(event(LOBBY, { text: "hi" }), NOON);
    expect(said).toMatchObject({ kind: "heard", heard: { from: "bob", text: "hi", me: false } });
    expect(actionsOf(event(LOBBY, { text: "waves", me: true }), NOON)[0]).toMatchObject({
      heard: { me: true },
    });
    expect(actionsOf(event(LOBBY, { line: "release" }), NOON)[0]).toMatchObject({
      kind: "topic-line",
      line: "release",
    });
    expect(actionsOf(event("who:lobby", { nick: "bob", here: true }), NOON)[0]).toMatchObject({
      kind: "presence",
      here: true,
    });
  });

  it("shows bodies of other programs as they are", () => {
    expect(actionsOf(event(LOBBY, [1, { a: 2 }]), NOON)[0]).toMatchObject({
      heard: { text: '[1,{"a":2}]' },
    });
  });

  it("says in the log, where it stays, that nothing can be kept now", () => {
    const message = "the store can't write: the disk is full";
    expect(actionsOf({ kind: "error", code: "storage", message }, NOON)).toEqual([
      { kind: "print", lines: [`not sent yet: ${message}`], tone: "error", now: NOON },
    ]);
  });

  it("speaks of gaps with their extent", () => {
    const gap = (
      from: number | null,
      to: number | null,
      reason: "trimmed" | "epoch" | "future" | "unreadable",
    ) =>
      actionsOf({ kind: "gap", topic: LOBBY, from, to, reason }, NOON).map(
        (action) => action.kind === "gap" && action.text,
      );
    expect(gap(1, 41, "trimmed")).toEqual(["gap: 41 messages are gone, the server keeps no more"]);
    expect(gap(3, 3, "trimmed")).toEqual(["gap: 1 message is gone, the server keeps no more"]);
    expect(gap(3, null, "epoch")).toEqual(["gap: log lost after message 2, a new one begins"]);
    expect(gap(31, 50, "future")).toEqual(["gap: 20 messages are gone, the log was set back"]);
    expect(gap(null, null, "unreadable")).toEqual([
      "gap: some messages may be missing, our place was unreadable",
    ]);
  });

  it.each(HOSTILE)("never lets through what a terminal would obey: %j", (hostile) => {
    const notices: Notice[] = [
      event(LOBBY, { text: hostile }, hostile),
      event(LOBBY, { line: hostile }, hostile),
      event(LOBBY, { other: hostile }, hostile),
      event("who:lobby", { nick: hostile, here: true }),
      { kind: "topic", topic: "feed:market", epoch: "e1", mode: "latest", source: hostile },
      { kind: "link", transport: "sse", state: "lost", reason: hostile },
      { kind: "link", transport: "sse", state: "waiting", ms: 10, reason: hostile },
      { kind: "link", transport: "sse", state: "closed", reason: hostile },
      { kind: "error", code: "internal", message: hostile },
    ];
    const all = notices.flatMap((notice) => texts(actionsOf(notice, NOON)));
    const tick = tickOf(event("feed:market", { symbol: hostile, price: 1 }));
    for (const text of [...all, tick?.symbol ?? ""]) {
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]/);
    }
  });
});

describe("a price", () => {
  it("needs a symbol and a number", () => {
    expect(tickOf(event("feed:market", { symbol: "ACME", price: 1.5, change: -0.25 }))).toEqual({
      symbol: "ACME",
      price: 1.5,
      change: -0.25,
    });
    expect(tickOf(event("feed:market", { symbol: "ACME", price: "1.5" }))).toBeUndefined();
    expect(tickOf(event("feed:market", { price: 1.5 }))).toBeUndefined();
    expect(tickOf(event("feed:market", null))).toBeUndefined();
  });
});
