import { expect, test } from "vitest";
import type { EventFrame } from "../../../src/protocol/frames.ts";
import type { ClientTransport } from "../../../src/transports/transport.ts";
import { keep } from "../../client/support/keep.ts";
import { serve, type TestServerOptions } from "../../client/support/server.ts";
import { Probe, type ProbeOptions } from "../support/probe.ts";
import { range } from "../support/range.ts";

/** What a link brings. */
export function delivery(transport: ClientTransport): void {
  const open = async (url: URL, options?: ProbeOptions) =>
    keep(await Probe.open(transport, url, options));
  const server = async (options?: TestServerOptions) => keep(await serve(options));

  test("greets, introduces the topic and is synced", async () => {
    const { url } = await server();
    const probe = await open(url);
    await probe.first("synced");
    const kinds = probe.frames.items.map(({ kind }) => kind);
    expect(kinds.slice(0, 3)).toEqual(["welcome", "topic", "synced"]);
    const [topic] = probe.all("topic");
    expect(topic).toMatchObject({ topic: "room:lobby", mode: "log", after: 0 });
  });

  test("acknowledges what is published, in order, and brings it back as events", async () => {
    const { url } = await server();
    const probe = await open(url);
    await probe.first("synced");
    await probe.publish([1, 2, 3]);
    await probe.frames.until(
      "three acks and events",
      () => probe.all("ack").length === 3 && probe.texts().length === 3,
    );
    expect(probe.all("ack").map(({ number, offset }) => [number, offset])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(probe.texts()).toEqual(["m1", "m2", "m3"]);
  });

  test("answers a publish that is refused with a nack, and goes on", async () => {
    const { url } = await server();
    const probe = await open(url);
    await probe.first("synced");
    await probe.publish([1], undefined, "feed:market");
    const nack = await probe.first("nack");
    expect(nack).toMatchObject({ number: 1, code: "read-only" });
    await probe.publish([2]);
    await probe.first("ack");
  });

  test("replays what was there before, then goes live, without a hole between", async () => {
    const { url } = await server();
    const writer = await open(url);
    await writer.publish(range(1, 250));
    await writer.frames.until("all acks", () => writer.all("ack").length === 250);
    const reader = await open(url, { session: "reader" });
    await writer.publish(range(251, 400));
    await reader.frames.until("all events", () => reader.texts().length === 400);
    expect(reader.texts()).toEqual(range(1, 400).map((number) => `m${number}`));
    expectContiguous(reader.all("event"));
  });

  test("replays more than one answer holds", async () => {
    const { url } = await server();
    const writer = await open(url);
    for (let from = 1; from <= 2_500; from += 250) await writer.publish(range(from, from + 249));
    await writer.frames.until("all acks", () => writer.all("ack").length === 2_500, 25_000);
    const reader = await open(url, { session: "reader" });
    await reader.first("synced");
    expect(reader.all("event")).toHaveLength(2_500);
    expectContiguous(reader.all("event"));
  });

  test("reads two topics on one link, each in its own order", async () => {
    const { url } = await server();
    const probe = await open(url, { topics: { "room:a": "beginning", "feed:b": "now" } });
    await probe.first("synced");
    await probe.link.send([
      {
        kind: "publish",
        producer: "probe-0001",
        number: 1,
        topic: "room:a",
        body: { text: "one" },
      },
      {
        kind: "publish",
        producer: "probe-0001",
        number: 2,
        topic: "feed:b",
        body: { key: "k", text: "x" },
      },
      {
        kind: "publish",
        producer: "probe-0001",
        number: 3,
        topic: "room:a",
        body: { text: "two" },
      },
    ]);
    await probe.frames.until("three events", () => probe.all("event").length === 3);
    expect(probe.texts("room:a")).toEqual(["one", "two"]);
    expect(probe.texts("feed:b")).toEqual(["x"]);
    expect(probe.all("topic").find(({ topic }) => topic === "feed:b")).toMatchObject({
      mode: "latest",
      key: "key",
    });
  });

  test("resumes at a cursor", async () => {
    const { url } = await server();
    const first = await open(url);
    await first.publish(range(1, 10));
    await first.frames.until("ten events", () => first.texts().length === 10);
    const { epoch } = first.positions.get("room:lobby")!;
    const second = await open(url, {
      topics: { "room:lobby": { epoch, offset: 7 } },
      session: "second",
    });
    await second.first("synced");
    expect(second.texts()).toEqual(["m8", "m9", "m10"]);
    await first.publish([11]);
    await second.frames.until("the next event", () => second.texts().length === 4);
    expect(second.texts().at(-1)).toBe("m11");
  });

  test("is synced at a cursor at which there is nothing new, and brings what comes next", async () => {
    const { url } = await server();
    const first = await open(url);
    await first.publish([1]);
    await first.frames.until("the event", () => first.texts().length === 1);
    const { epoch, offset } = first.positions.get("room:lobby")!;
    const second = await open(url, {
      topics: { "room:lobby": { epoch, offset } },
      session: "second",
    });
    await second.first("synced");
    expect(second.all("event")).toEqual([]);
    await first.publish([2]);
    await second.frames.until("the next event", () => second.texts().length === 1);
  });

  test("speaks of what it can't have any more", async () => {
    const { url } = await server();
    const probe = await open(url, { topics: { "room:lobby": { epoch: "zzzzz", offset: 5 } } });
    await probe.first("synced");
    expect(probe.all("topic")[0]).toMatchObject({ gap: { from: 6, to: null, reason: "epoch" } });
  });

  test("brings the pong of a ping the way its events come", async () => {
    const { url } = await server();
    const probe = await open(url);
    await probe.first("synced");
    await probe.link.send([{ kind: "ping", id: 7 }]);
    const pong = await probe.first("pong");
    expect(pong.id).toBe(7);
    expect(pong.time).toBeGreaterThan(0);
  });

  test("shows signs of life while nothing happens", async () => {
    const { url } = await server({ heartbeat: 100 });
    const probe = await open(url);
    await probe.first("synced");
    const start = probe.frames.items.length;
    await probe.frames.first(
      "a sign of life",
      ({ kind }) => kind === "heartbeat" || kind === "synced",
      start,
    );
  });
}

function expectContiguous(events: readonly EventFrame[]): void {
  expect(events.map(({ offset }) => offset)).toEqual(range(1, events.length));
}
