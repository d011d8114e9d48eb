import { expect, test } from "vitest";
import type { TestServer } from "./support.ts";
import { cursorOf, start, texts } from "./support.ts";

const STREAMS = ["sse", "websocket"] as const;

test.each(STREAMS)("%s: welcome, topics, what is there, synced, then what comes", async (kind) => {
  await using server = await start();
  await server.say("room:a", ["one"]);
  const link = await server[kind]("topic=room:a&topic=room:b&since=beginning&nick=al");
  await link.frame("synced");
  await server.say("room:b", ["two"]);
  await link.heard("room:b", 1);
  expect(link.frames.map((frame) => frame.kind)).toEqual([
    "welcome",
    "topic",
    "topic",
    "event",
    "synced",
    "event",
  ]);
  const [welcome, topic] = link.frames;
  expect(welcome).toMatchObject({ version: 1, heartbeat: 15_000, nick: "al" });
  expect(topic).toMatchObject({ topic: "room:a", after: 0, mode: "log" });
  const { cursor } = await link.frame("synced");
  expect(cursor).toMatch(/^room:a@[0-9a-z]{5}\.1,room:b@[0-9a-z]{5}\.0$/);
});

test.each(STREAMS)("%s: since says where to begin", async (kind) => {
  await using server = await start();
  await server.say("room:a", texts(10));
  const offsets = async (since: string) => {
    const link = await server[kind](`topic=room:a&since=${since}`);
    await link.frame("synced");
    return link.events.map(({ offset }) => offset);
  };
  expect(await offsets("now")).toEqual([]);
  expect(await offsets("beginning")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(await offsets("3")).toEqual([8, 9, 10]);
  expect(await offsets("99")).toHaveLength(10);
});

test.each([...STREAMS, "polling", "long-polling"] as const)(
  "%s: joining while others publish at full speed brings each event once, in order",
  async (kind) => {
    await using server = await start();
    await server.say("room:a", texts(700, "before"));
    const publishing = Promise.all(
      Array.from({ length: 4 }, (_, n) => server.say("room:a", texts(1_000, `by ${n}`))),
    );
    const readers = await Promise.all(
      Array.from({ length: 6 }, () => readAll(server, kind, "room:a", 4_700)),
    );
    const answers = (await publishing).flat();
    expect(answers.every(({ kind: answer }) => answer === "ack")).toBe(true);
    for (const bodies of readers) expect(bodies).toEqual(readers[0]);
    // One producer's publishes are in its order.
    for (let n = 0; n < 4; n++) {
      const his = readers[0]!.filter((text) => text.startsWith(`by ${n}`));
      expect(his).toEqual(texts(1_000, `by ${n}`));
    }
  },
);

test("two topics of a link are each in order while both move", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a&topic=room:b&since=beginning");
  await Promise.all([server.say("room:a", texts(800)), server.say("room:b", texts(800))]);
  // The link fails where a topic's events don't join.
  expect((await link.heard("room:a", 800)).at(-1)!.body).toEqual({ text: "text 800" });
  expect((await link.heard("room:b", 800)).at(-1)!.body).toEqual({ text: "text 800" });
});

test("a poll is answered at once, by 204 where there is nothing new", async () => {
  await using server = await start();
  await server.say("room:a", texts(3));
  const first = await server.get("/v1/polling?topic=room:a&since=2");
  expect(first.frames.map(({ kind }) => kind)).toEqual([
    "welcome",
    "topic",
    "event",
    "event",
    "synced",
  ]);
  const cursor = cursorOf(first);
  expect(await server.get(`/v1/polling?cursor=${cursor}`)).toMatchObject({ status: 204, text: "" });
  await server.say("room:a", ["four"]);
  const next = await server.get(`/v1/polling?cursor=${cursor}`);
  expect(next.frames).toMatchObject([
    { kind: "topic", topic: "room:a", after: 3 },
    { kind: "event", offset: 4, body: { text: "four" } },
    { kind: "synced" },
  ]);
});

test("since=now is pinned by the first poll: the second misses nothing", async () => {
  await using server = await start();
  await server.say("room:a", ["old"]);
  const cursor = cursorOf(await server.get("/v1/polling?topic=room:a&since=now"));
  await server.say("room:a", ["new"]);
  const { frames } = await server.get(`/v1/polling?cursor=${cursor}`);
  expect(frames[1]).toMatchObject({ kind: "event", offset: 2, body: { text: "new" } });
});

test("a long poll waits for the first event and is answered with it", async () => {
  await using server = await start();
  const cursor = cursorOf(await server.get("/v1/polling?topic=room:a&topic=room:b"));
  const waiting = server.get(`/v1/long-polling?cursor=${cursor}`);
  await server.say("room:b", ["hello"]);
  const { frames } = await waiting;
  expect(frames).toMatchObject([
    { kind: "topic", topic: "room:b" },
    { kind: "event", body: { text: "hello" } },
    { kind: "synced" },
  ]);
  expect(cursorOf(await waiting)).toMatch(/^room:a@\w{5}\.0,room:b@\w{5}\.1$/);
});

test("a long poll that nothing comes for is answered 204 within a heartbeat", async () => {
  await using server = await start({ heartbeat: 100 });
  const cursor = cursorOf(await server.get("/v1/polling?topic=room:a"));
  expect((await server.get(`/v1/long-polling?cursor=${cursor}`)).status).toBe(204);
});

test("a long poll waits for as long as it says, and no longer than a heartbeat", async () => {
  await using server = await start();
  const cursor = cursorOf(await server.get("/v1/polling?topic=room:a"));
  expect((await server.get(`/v1/long-polling?cursor=${cursor}&hold=0`)).status).toBe(204);
  expect((await server.get(`/v1/long-polling?cursor=${cursor}&hold=20`)).status).toBe(204);
  for (const hold of ["-1", "x", "1e3", ""]) {
    const answer = await server.get(`/v1/long-polling?cursor=${cursor}&hold=${hold}`);
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining("expected hold to be a number of ms"),
    ]);
  }
  expect((await server.get(`/v1/polling?cursor=${cursor}&hold=0`)).text).toContain(
    "unknown parameter",
  );
});

test("a poll is cut at a page and ends with more", async () => {
  await using server = await start();
  await server.say("room:a", texts(2_300));
  const sizes: number[] = [];
  let answer = await server.get("/v1/polling?topic=room:a&since=beginning");
  for (;;) {
    sizes.push(answer.frames.filter(({ kind }) => kind === "event").length);
    if (answer.frames.at(-1)!.kind === "synced") break;
    answer = await server.get(`/v1/polling?cursor=${cursorOf(answer)}`);
  }
  expect(sizes).toEqual([1_000, 1_000, 300]);
});

test("a poll of long messages is cut by its size", async () => {
  await using server = await start();
  await server.say(
    "room:a",
    Array.from({ length: 40 }, () => "x".repeat(16_000)),
  );
  const { text, frames } = await server.get("/v1/polling?topic=room:a&since=beginning");
  expect(frames.at(-1)!.kind).toBe("more");
  expect(text.length).toBeGreaterThan(256 * 1024);
  expect(text.length).toBeLessThan((256 + 128) * 1024);
});

async function readAll(
  server: TestServer,
  kind: "sse" | "websocket" | "polling" | "long-polling",
  topic: string,
  count: number,
): Promise<string[]> {
  if (kind === "sse" || kind === "websocket") {
    const link = await server[kind](`topic=${topic}&since=beginning`);
    return (await link.heard(topic, count)).map(({ body }) => (body as { text: string }).text);
  }
  const read: string[] = [];
  let last = 0;
  let query = `topic=${topic}&since=beginning`;
  while (read.length < count) {
    const answer = await server.get(`/v1/${kind}?${query}`);
    for (const frame of answer.frames) {
      if (frame.kind !== "event") continue;
      expect(frame.offset).toBe(++last);
      read.push((frame.body as { text: string }).text);
    }
    if (answer.status === 200) query = `cursor=${cursorOf(answer)}`;
  }
  return read;
}
