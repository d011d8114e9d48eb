// What every transport has to do, whatever it is made of. A new one passes this in a few lines.
import { afterEach, describe, expect, test } from "vitest";
import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import type { EventFrame } from "../../src/protocol/frames.ts";
import { openWire } from "../../src/transports/shared/client/wire.ts";
import { LinkError, type TransportName } from "../../src/transports/transport.ts";
import { startMiddlebox } from "../client/support/middlebox.ts";
import { serve, type TestServer } from "../client/support/server.ts";
import { eventually, within } from "../client/support/wait.ts";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { nothingMoreThan, openHandles } from "./support/handles.ts";
import { Probe, type ProbeOptions } from "./support/probe.ts";

const ROUNDS = 10;

export function conformance(name: TransportName): void {
  const transport = CLIENT_TRANSPORTS.get(name)!;

  describe(`${name}: what every transport does`, () => {
    const stack: AsyncDisposable[] = [];
    afterEach(async () => {
      for (const one of stack.splice(0).toReversed()) await one[Symbol.asyncDispose]();
    });
    const use = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
      stack.push(resource);
      return resource;
    };
    const open = async (url: URL, options?: ProbeOptions) => use(await Probe.open(transport, url, options));
    const server = async (options?: Parameters<typeof serve>[0]): Promise<TestServer> => use(await serve(options));

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
      await probe.frames.until("three acks and events", () => probe.all("ack").length === 3 && probe.texts().length === 3);
      expect(probe.all("ack").map(({ number, offset }) => [number, offset])).toEqual([[1, 1], [2, 2], [3, 3]]);
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
        { kind: "publish", producer: "probe-0001", number: 1, topic: "room:a", body: { text: "one" } },
        { kind: "publish", producer: "probe-0001", number: 2, topic: "feed:b", body: { key: "k", text: "x" } },
        { kind: "publish", producer: "probe-0001", number: 3, topic: "room:a", body: { text: "two" } },
      ]);
      await probe.frames.until("three events", () => probe.all("event").length === 3);
      expect(probe.texts("room:a")).toEqual(["one", "two"]);
      expect(probe.texts("feed:b")).toEqual(["x"]);
      expect(probe.all("topic").find(({ topic }) => topic === "feed:b")).toMatchObject({ mode: "latest", key: "key" });
    });

    test("resumes at a cursor", async () => {
      const { url } = await server();
      const first = await open(url);
      await first.publish(range(1, 10));
      await first.frames.until("ten events", () => first.texts().length === 10);
      const { epoch } = first.positions.get("room:lobby")!;
      const second = await open(url, { topics: { "room:lobby": { epoch, offset: 7 } }, session: "second" });
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
      const second = await open(url, { topics: { "room:lobby": { epoch, offset } }, session: "second" });
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
      await probe.frames.first("a sign of life", ({ kind }) => kind === "heartbeat" || kind === "synced", start);
    });

    test("is told a refusal, with what would have been accepted", async () => {
      const { url } = await server();
      const holder = await open(url, { nick: "alice", identity: "a-secret-of-alice" });
      await holder.first("synced");
      const error = await failureOf(Probe.open(transport, url, { nick: "Alice", identity: "a-secret-of-bob-1" }));
      expect(error).toMatchObject({ failure: "refused", retryable: false });
      expect(error.refusal).toMatchObject({ code: "nick-taken", suggestion: "Alice2" });
    });

    test("fails as unreachable where nobody listens", async () => {
      const { url, stop } = await server();
      await stop();
      const error = await failureOf(Probe.open(transport, url));
      expect(error).toMatchObject({ failure: "unreachable", retryable: true });
    });

    test("hears when not to come back before, when the server stops", async () => {
      const { url, stop } = await server();
      const probe = await open(url);
      await probe.first("synced");
      // A long poll has to be on its way, or it would find the door closed as a poll does.
      while (name !== "polling" && (await linksOf(probe)) === 0);
      const stopped = stop();
      const error = await within(5_000, "the end of the link", probe.ended);
      await stopped;
      expect(error).toMatchObject({ name: "LinkError", retryable: true });
      const { failure, after } = error as LinkError;
      if (name === "polling") {
        expect(["closed", "refused", "unreachable"]).toContain(failure);
      } else {
        expect(failure).toBe("closed");
        expect(after).toBeGreaterThan(0);
      }
    });

    test("ends when the connection is cut, and can't be sent on after", async () => {
      const { port } = await server();
      const middlebox = use(await startMiddlebox(port));
      const probe = await open(middlebox.url);
      await probe.first("synced");
      await middlebox.kill();
      const error = await within(5_000, "the end of the link", probe.ended);
      expect(error).toBeInstanceOf(LinkError);
      expect(["closed", "unreachable"]).toContain((error as LinkError).failure);
      await expect(probe.publish([1])).rejects.toBeInstanceOf(LinkError);
    });

    test("counts every byte of the connections, both ways", async () => {
      const { port } = await server();
      const proxy = use(await startCountingProxy(port));
      const probe = await open(new URL(`http://127.0.0.1:${proxy.port}`), { nick: "counter" });
      await probe.publish(range(1, 200));
      await probe.frames.until("all of it", () => probe.texts().length === 200 && probe.all("ack").length === 200);
      await probe.link.send([{ kind: "ping", id: 1 }]);
      await probe.first("pong");
      await probe.link[Symbol.asyncDispose]();
      await probe.wire[Symbol.asyncDispose]();
      const { down, up } = probe.wire.bytes();
      await eventually("the same bytes at the proxy", () => proxy.down >= down && proxy.up >= up);
      // What is on its way when a stream is dropped reaches the proxy, and nobody else.
      expect(proxy.up).toBe(up);
      expect(proxy.down).toBe(down);
    });

    describe("leaves nothing open when it is aborted", () => {
      test("before it begins", async () => {
        const { url } = await server();
        const before = openHandles();
        const error = await failureOf(Probe.open(transport, url, { signal: AbortSignal.abort(new LinkError("closed", "enough")) }));
        expect(error.message).toBe("enough");
        await nothingMoreThan(before);
      });

      test("at any point while it opens", async () => {
        const { url } = await server();
        const before = openHandles();
        for (let round = 0; round < ROUNDS; round++) {
          const aborter = new AbortController();
          const wire = openWire(url);
          const hello = () => ({ topics: new Map([["room:lobby", "beginning" as const]]), link: { session: "s", number: 1 } });
          const opening = transport.open({ wire, hello, pollInterval: { min: 5, max: 20 } }, aborter.signal);
          // So many turns of the event loop later.
          for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
          aborter.abort(new LinkError("closed", "enough"));
          // Where it was quicker, the link is there and has to be closed.
          const link = await opening.catch((error: unknown) => void expect(error).toBeInstanceOf(LinkError));
          if (link) await within(5_000, "closing", link[Symbol.asyncDispose]());
          await wire[Symbol.asyncDispose]();
        }
        await nothingMoreThan(before);
      });

      test("while nobody reads it", async () => {
        const { url } = await server();
        const writer = await open(url);
        await writer.publish(range(1, 100));
        await writer.frames.until("all acks", () => writer.all("ack").length === 100);
        const before = openHandles();
        const wire = openWire(url);
        const hello = () => ({ topics: new Map([["room:lobby", "beginning" as const]]), link: { session: "s", number: 1 } });
        const link = await transport.open({ wire, hello, pollInterval: { min: 5, max: 20 } }, new AbortController().signal);
        await within(5_000, "closing", link[Symbol.asyncDispose]());
        await wire[Symbol.asyncDispose]();
        await nothingMoreThan(before);
      });

      test("in the middle of a replay", async () => {
        const { url } = await server();
        const writer = await open(url);
        for (let from = 1; from <= 1_500; from += 250) await writer.publish(range(from, from + 249));
        await writer.frames.until("all acks", () => writer.all("ack").length === 1_500);
        const before = openHandles();
        const wire = openWire(url);
        const hello = () => ({ topics: new Map([["room:lobby", "beginning" as const]]), link: { session: "s", number: 1 } });
        const link = await transport.open({ wire, hello, pollInterval: { min: 5, max: 20 } }, new AbortController().signal);
        for await (const batch of link.frames) {
          if (batch.some(({ kind }) => kind === "event")) break;
        }
        await within(5_000, "closing", link[Symbol.asyncDispose]());
        await wire[Symbol.asyncDispose]();
        await nothingMoreThan(before);
      });

      test("while it is idle", async () => {
        const { url } = await server();
        const before = openHandles();
        for (let round = 0; round < ROUNDS; round++) {
          const probe = await Probe.open(transport, url);
          await probe.first("synced");
          await within(5_000, "closing", probe.close());
          expect(await probe.ended).toBeUndefined();
        }
        await nothingMoreThan(before);
      });
    });
  });
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

export async function failureOf(promise: Promise<unknown>): Promise<LinkError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LinkError);
  return error as LinkError;
}

/** How many links the server has. */
async function linksOf({ wire }: Probe): Promise<number> {
  const { body } = await wire.pool.request({ method: "GET", path: "/healthz" });
  return ((await body.json()) as { links: number }).links;
}

function expectContiguous(events: readonly EventFrame[]): void {
  expect(events.map(({ offset }) => offset)).toEqual(range(1, events.length));
}
