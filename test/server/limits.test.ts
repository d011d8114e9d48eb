// PROTOCOL.md, section 8, over the wire.
import { expect, test } from "vitest";
import { errorOf, JSON_TYPE, NDJSON, publishFrame, start, texts } from "./support.ts";

const KIB = 1024;

test("a text has 16 KiB", async () => {
  await using server = await start();
  const post = (text: string) => server.post("/v1/publish?topic=room:a", text);
  expect((await post("ä".repeat(8 * KIB))).status).toBe(200);
  const answer = await post(`${"ä".repeat(8 * KIB)}x`);
  expect(answer.status).toBe(413);
  expect(errorOf(answer).code).toBe("text-too-long");
  const body = JSON.stringify({ a: "x".repeat(16 * KIB) });
  expect((await server.post("/v1/publish?topic=room:a", body, JSON_TYPE)).status).toBe(413);
});

test("on WebSocket what is wrong is answered by name, and the link goes on", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a&nick=bob");
  const publish = (body: unknown, topic = "room:a", number = 1) =>
    link.send(publishFrame(topic, body, "producer-w", number));
  const errors = async (count: number) => {
    const those = () => link.frames.filter((frame) => frame.kind === "error");
    await link.until(() => those().length >= count, `${count} errors`);
    return those().at(-1)!.code;
  };
  link.send({ kind: "subscribe" });
  expect(await errors(1)).toBe("unknown-kind");
  link.send("nonsense");
  expect(await errors(2)).toBe("bad-frame");
  publish("x".repeat(16 * KIB + 1));
  expect(await errors(3)).toBe("text-too-long");
  publish("x".repeat(64 * KIB));
  expect(await errors(4)).toBe("frame-too-large");
  publish("x", "lobby");
  expect(await errors(5)).toBe("bad-topic");
  // None of these used the number up.
  publish("hello");
  expect(await link.frame("ack")).toMatchObject({ number: 1, topic: "room:a", offset: 1 });
  publish({}, "feed:a", 2);
  expect(await link.frame("nack")).toMatchObject({ number: 2, code: "bad-body" });
  // Several frames in one message are taken one by one.
  link.send(publishFrame("room:a", "3", "producer-w", 3), { kind: "ping", id: 9 }, "{}");
  await link.frame("pong", ({ id }) => id === 9);
  await link.frame("ack", ({ number }) => number === 3);
  expect(await errors(6)).toBe("bad-frame");
  const heard = await link.heard("room:a", 2);
  expect(heard.map(({ body, from }) => [body, from])).toEqual([
    [{ text: "hello" }, "bob"],
    [{ text: "3" }, "bob"],
  ]);
  expect(link.closed).toBeUndefined();
});

test("a WebSocket message has 1 MiB, or the link is closed by 1009", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a");
  const line = JSON.stringify({ kind: "ping", id: 1, x: "x".repeat(60 * KIB) });
  link.send(...Array.from({ length: 17 }, () => line));
  await link.frame("pong");
  expect(link.closed).toBeUndefined();
  link.send(...Array.from({ length: 18 }, () => line));
  expect(await link.end()).toBe(1009);
});

test("a binary message is no frame", async () => {
  await using server = await start();
  const { WebSocket } = await import("ws");
  const websocket = new WebSocket(`${server.url}/v1/websocket?topic=room:a`);
  const { promise, resolve } = Promise.withResolvers<string>();
  websocket.on("message", (data) => {
    const text = (data as Buffer).toString();
    if (text.includes('"error"')) resolve(text);
  });
  websocket.on("open", () => websocket.send(Buffer.from('{"kind":"bye"}'), { binary: true }));
  expect(await promise).toContain('"bad-frame"');
  websocket.terminate();
});

test("a POST has 256 frames and 1 MiB", async () => {
  await using server = await start();
  const post = (lines: string[]) => server.post("/v1/publish", lines.join("\n"), NDJSON);
  const frames = texts(257).map((text, index) =>
    publishFrame("room:a", text, "producer-m", index + 1),
  );
  const many = await post(frames);
  expect(errorOf(many).code).toBe("bad-request");
  expect((await post(frames.slice(0, 256))).frames).toHaveLength(256);
  expect(errorOf(await post([])).code).toBe("bad-request");
  const large = Array.from({ length: 70 }, (_, index) =>
    publishFrame("room:a", "x".repeat(16_000), "producer-l", index + 1),
  );
  const answer = await post(large);
  expect(answer.status).toBe(413);
  expect(errorOf(answer).code).toBe("frame-too-large");
});

test("a link reads 64 topics of 64 characters, over every transport", async () => {
  await using server = await start();
  const names = Array.from({ length: 64 }, (_, n) => `room:${"😀".repeat(57)}${10 + n}`);
  const query = names.map((name) => `topic=${encodeURIComponent(name)}`).join("&");
  for (const kind of ["sse", "websocket"] as const) {
    const link = await server[kind](query);
    const { cursor } = await link.frame("synced");
    const again = await server[kind](`cursor=${encodeURIComponent(cursor)}`);
    await again.frame("synced");
    await server.say(names[63]!, ["hello"]);
    await again.heard(names[63]!, 1);
    link.close();
  }
  expect((await server.get(`/v1/polling?${query}`)).status).toBe(200);
  const more = await server.get(`/v1/polling?${query}&topic=room:one-more`);
  expect(more.status).toBe(400);
  expect(errorOf(more).code).toBe("too-many-topics");
});

test.each([
  ["topic=lobby", "bad-topic"],
  [`topic=room:${"x".repeat(60)}`, "bad-topic"],
  [`topic=room:a&nick=${"x".repeat(33)}`, "bad-nick"],
  ["cursor=room:a", "bad-cursor"],
  ["topic=room:a&since=soon", "bad-request"],
  ["", "bad-request"],
])("a link that asks for %s is refused on every transport", async (query, code) => {
  await using server = await start();
  const pattern = new RegExp(`^status 400: .*"${code}"`);
  await expect(server.websocket(query)).rejects.toThrow(pattern);
  await expect(server.sse(query)).rejects.toThrow(pattern);
  for (const path of ["polling", "long-polling"]) {
    const answer = await server.get(`/v1/${path}?${query}`);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe(code);
  }
  const { links } = JSON.parse((await server.get("/healthz")).text) as { links: number };
  expect(links).toBe(0);
});
