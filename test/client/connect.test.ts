import { describe, expect, test } from "vitest";
import {
  connect,
  type Connection,
  LinkError,
  type Topic,
  type TopicItem,
  TRANSPORTS,
} from "../../src/index.ts";
import { nothingMoreThan, openHandles } from "../transports/support/handles.ts";
import { texts } from "./support/client.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { serve } from "./support/server.ts";
import { eventually, within } from "./support/wait.ts";
import { keep } from "./support/keep.ts";

const polling = { pollInterval: { min: 5, max: 40 } };
const textOf = (item: TopicItem) =>
  item.kind === "event" ? (item.body as { text: string }).text : item.kind;

/** The next texts of a topic; then the loop is left. */
async function take(topic: Topic, count: number): Promise<string[]> {
  const taken: string[] = [];
  if (count === 0) return taken;
  for await (const item of topic) {
    taken.push(textOf(item));
    if (taken.length === count) break;
  }
  return taken;
}

/** Publish so many texts at once. */
async function fill(session: Connection, prefix: string, count: number): Promise<void> {
  const topic = session.topic("room:lobby");
  await Promise.all(texts(prefix, count).map((text) => topic.publish(text)));
}

describe("connect", () => {
  test("gives a session that is live, and ends with its block", async () => {
    const { url } = keep(await serve());
    const before = openHandles();
    {
      await using session = await connect(url, { nick: "alice" });
      expect(session.status).toEqual({
        state: "live",
        transport: "websocket",
        nick: "alice",
        unacked: 0,
      });
      expect(await session.topic("room:lobby").publish("hello")).toMatchObject({
        topic: "room:lobby",
        offset: 1,
      });
      expect(session.stats.transport).toBe("websocket");
    }
    await nothingMoreThan(before);
  });

  test("says what is wrong, and leaves nothing behind", async () => {
    const server = keep(await serve());
    keep(await connect(server.url, { nick: "bob", identity: "the-secret-of-bob-1" }));
    const before = openHandles();
    await expect(connect("room:lobby")).rejects.toThrow("expected a server's address");
    await expect(connect(server.url, { nick: "a b" })).rejects.toMatchObject({ code: "bad-nick" });
    await expect(
      connect(server.url, { nick: "bob", identity: "another-secret-1" }),
    ).rejects.toMatchObject({
      refusal: { code: "nick-taken", suggestion: "bob2" },
    });
    await nothingMoreThan(before);
    await server.stop();
    await expect(connect(server.url)).rejects.toMatchObject({
      name: "LinkError",
      failure: "unreachable",
    });
  });

  test("waits for the server if it is to, until it is told not to", async () => {
    const server = await serve();
    await server.stop();
    const aborter = new AbortController();
    const given = expect(
      connect(server.url, { wait: true, signal: aborter.signal }),
    ).rejects.toThrow("enough");
    const connecting = connect(server.url, { wait: true });
    aborter.abort(new Error("enough"));
    await given;
    keep(await serve({ port: server.port }));
    expect(keep(await connecting).status.state).toBe("live");
    await expect(
      connect(server.url, { signal: AbortSignal.abort(new Error("enough")) }),
    ).rejects.toThrow("enough");
  });
});

describe.each(TRANSPORTS)("a loop over a topic, over %s", (transport) => {
  test("gets what was there and what comes, in order", async () => {
    const { url } = keep(await serve());
    const writer = keep(await connect(url));
    await fill(writer, "a", 30);
    const session = keep(await connect(url, { transport, ...polling }));
    const read: string[] = [];
    for await (const item of session.topic("room:lobby", { since: 20 })) {
      // Where it begins is settled with the first.
      if (read.push(textOf(item)) === 1) void fill(writer, "b", 30);
      if (read.length === 50) break;
    }
    expect(read).toEqual([...texts("a", 30).slice(10), ...texts("b", 30)]);
  });

  test("stops reading when it is left, and can be begun again", async () => {
    const { url } = keep(await serve());
    const session = keep(await connect(url, { transport, ...polling, nick: "alice" }));
    await fill(session, "m", 10);
    const lobby = session.topic("room:lobby", { since: "beginning" });
    expect(await take(lobby, 3)).toEqual(texts("m", 3));
    expect(await take(lobby, 10)).toEqual(texts("m", 10));
  });

  test("may wait in it for what it publishes to be kept, however far it is behind", async () => {
    const { url } = keep(await serve());
    const writer = keep(await connect(url));
    await fill(writer, "m", 3_000);
    const session = keep(await connect(url, { transport, ...polling }));
    const lobby = session.topic("room:lobby", { since: "beginning" });
    const other = session.topic("room:other");
    let seen = 0;
    for await (const item of lobby) {
      expect(textOf(item)).toBe(`m${++seen}`);
      if (seen % 500 === 0) await other.publish(`${seen}`);
      if (seen === 3_000) break;
    }
  });

  test("ends when the session is closed", async () => {
    const { url } = keep(await serve());
    const session = await connect(url, { transport, ...polling });
    await fill(session, "m", 5);
    const lobby = session.topic("room:lobby", { since: "beginning" });
    const read: string[] = [];
    const reading = (async () => {
      for await (const item of lobby) read.push(textOf(item));
    })();
    await eventually("the events", () => read.length === 5);
    await session.close();
    await within(5_000, "the end of the loop", reading);
    // A loop that begins later ends at once.
    for await (const item of lobby) read.push(textOf(item));
    expect(read).toEqual(texts("m", 5));
  });
});

describe("a loop", () => {
  test("goes on through swaps and lost connections", async () => {
    const { url, port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const writer = keep(await connect(url));
    const session = keep(await connect(proxy.url, { ...polling }));
    const reading = take(session.topic("room:lobby", { since: "beginning" }), 60);
    await fill(writer, "a", 20);
    expect(await session.swap("sse")).toMatchObject({ from: "websocket", to: "sse", lost: 0 });
    await fill(writer, "b", 20);
    proxy.cut();
    await fill(writer, "c", 20);
    expect(await reading).toEqual([...texts("a", 20), ...texts("b", 20), ...texts("c", 20)]);
  });

  test("shares a topic with others, each of which gets everything from where it began", async () => {
    const { url } = keep(await serve());
    const session = keep(await connect(url));
    const lobby = session.topic("room:lobby", { since: "beginning" });
    const first = take(lobby, 10);
    const second = take(lobby, 10);
    await fill(session, "m", 10);
    expect(await first).toEqual(texts("m", 10));
    expect(await second).toEqual(texts("m", 10));
  });

  test("is told what can't be had any more", async () => {
    const { url } = keep(await serve({ retain: 100 }));
    const writer = keep(await connect(url));
    await fill(writer, "a", 5);
    // It asks once, and then not for a long time.
    const session = keep(
      await connect(url, { transport: "polling", pollInterval: { min: 60_000, max: 60_000 } }),
    );
    const read: TopicItem[] = [];
    for await (const item of session.topic("room:lobby", { since: "beginning" })) {
      read.push(item);
      if (read.length === 5) {
        await fill(writer, "b", 500);
        await session.swap("sse");
      }
      if (textOf(item) === "b500") break;
    }
    const gap = read[5];
    expect(gap).toMatchObject({ kind: "gap", topic: "room:lobby", from: 6, reason: "trimmed" });
    expect(read[6]).toMatchObject({ kind: "event", offset: gap?.kind === "gap" ? gap.to! + 1 : 0 });
  });

  test("that takes nothing holds the links back, and then gets everything", async () => {
    const COUNT = 6_000;
    const { url } = keep(await serve());
    const writer = keep(await connect(url));
    for (let round = 0; round < COUNT / 1_000; round++) await fill(writer, `${round}-`, 1_000);
    const session = keep(await connect(url));
    let told = 0;
    session.listen(({ kind }) => void (told += kind === "event" ? 1 : 0));
    const lobby = session.topic("room:lobby", { since: "beginning" });
    let taken = 0;
    for await (const item of lobby) {
      if (taken++ === 0) {
        let before = -1;
        await eventually("nothing coming any more", () => before === (before = told));
        // Less than a queue, and a batch that was on its way.
        expect(told).toBeLessThan(COUNT / 2);
      }
      expect(item).toMatchObject({ offset: taken });
      if (taken === COUNT) break;
    }
  });

  test("that is too far behind while it publishes reads on from the log: nothing is lost, little is kept", async () => {
    const COUNT = 40_000;
    const { url } = keep(await serve());
    const writer = keep(await connect(url));
    for (let round = 0; round < COUNT / 2_000; round++) await fill(writer, `${round}-`, 2_000);
    const session = keep(await connect(url));
    let told = 0;
    session.listen(({ kind }) => void (told += kind === "event" ? 1 : 0));
    let taken = 0;
    let furthest = 0;
    for await (const item of session.topic("room:lobby", { since: "beginning" })) {
      expect(item).toMatchObject({ kind: "event", offset: ++taken });
      // What is published all the time keeps the links from being held back.
      if (taken < 100)
        await Promise.all([1, 2, 3].map((n) => session.topic("room:other").publish(`${n}`)));
      furthest = Math.max(furthest, told - taken);
      if (taken === COUNT) break;
    }
    expect(furthest).toBeLessThan(20_000);
  });

  test("throws when the session ends by itself", async () => {
    const { port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const session = keep(await connect(proxy.url, { nick: "alice", transport: "websocket" }));
    const reading = take(session.topic("room:lobby"), 1);
    const failed = expect(reading).rejects.toBeInstanceOf(LinkError);
    await eventually("being read", () => session.status.state === "live");
    // Somebody else has the nick when it comes back.
    await proxy.kill();
    const other = keep(
      await connect(`http://127.0.0.1:${port}`, { nick: "alice", identity: "the-secret-of-alice" }),
    );
    expect(other.status.nick).toBe("alice");
    await proxy.heal();
    await failed;
    await expect(session.topic("room:lobby").publish("x")).rejects.toBeInstanceOf(LinkError);
  });

  test("may be left before it has begun, and has its topic checked", async () => {
    const { url } = keep(await serve());
    const session = keep(await connect(url));
    expect(() => session.topic("lobby")).toThrow(expect.objectContaining({ code: "bad-topic" }));
    await session.topic("room:lobby")[Symbol.asyncIterator]().return();
    await expect(session.topic("room:lobby").publish("x".repeat(20_000))).rejects.toMatchObject({
      code: "text-too-long",
    });
  });
});
