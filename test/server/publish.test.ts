import { expect, test } from "vitest";
import type { Ack, Nack } from "../../src/protocol/frames.ts";
import { bearer, errorOf, JSON_TYPE, NDJSON, publishFrame, start, texts } from "./support.ts";

const EPOCH = /^[0-9a-z]{5}$/;

test("a text that is posted as curl does it is acknowledged and read as {text}", async () => {
  await using server = await start();
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await server.post("/v1/publish?topic=room:lobby&nick=carl", "hi = there", form);
  expect(answer.status).toBe(200);
  expect(answer.frames).toEqual([
    { kind: "ack", number: 1, topic: "room:lobby", epoch: expect.stringMatching(EPOCH), offset: 1 },
  ]);
  const link = await server.sse("topic=room:lobby&since=beginning");
  const [event] = await link.heard("room:lobby", 1);
  expect(event).toMatchObject({ body: { text: "hi = there" }, from: "carl", offset: 1 });
});

test("a JSON body is kept as it is, and its string is a text", async () => {
  await using server = await start();
  const post = (body: unknown) =>
    server.post("/v1/publish?topic=room:lobby", JSON.stringify(body), JSON_TYPE);
  const bodies = [{ text: "waves", me: true }, "plain", [1, null], 7, false, null, { text: 5 }];
  for (const body of bodies) expect((await post(body)).status).toBe(200);
  const link = await server.websocket("topic=room:lobby&since=beginning");
  const heard = await link.heard("room:lobby", bodies.length);
  expect(heard.map(({ body }) => body)).toEqual(
    bodies.map((body) => (body === "plain" ? { text: "plain" } : body)),
  );
  expect(link.lines.at(-2)).toContain('{"text":5}');
});

test("a content type in capitals, with parameters, is understood", async () => {
  await using server = await start();
  const type = { "content-type": "Application/JSON; charset=utf-8" };
  await server.post("/v1/publish?topic=room:lobby", '{"a":1}', type);
  const link = await server.sse("topic=room:lobby&since=beginning");
  expect((await link.heard("room:lobby", 1))[0]!.body).toEqual({ a: 1 });
});

test("frames in one request are answered in order, whatever becomes of each", async () => {
  await using server = await start();
  const lines = [
    publishFrame("room:a", "one", "producer-x", 1),
    publishFrame("feed:market", { symbol: "A" }, "producer-x", 2),
    publishFrame("room:b", "three", "producer-x", 3),
    publishFrame("room:a", "five", "producer-x", 5),
  ];
  const { status, frames } = await server.post("/v1/publish", lines.join("\r\n"), NDJSON);
  expect(status).toBe(200);
  expect(frames).toMatchObject([
    { kind: "ack", number: 1, topic: "room:a", offset: 1 },
    { kind: "nack", number: 2, code: "read-only" },
    { kind: "ack", number: 3, topic: "room:b", offset: 1 },
    { kind: "nack", number: 5, code: "out-of-order" },
  ]);
});

test("a single publish that is refused is answered with its error's status", async () => {
  await using server = await start();
  const post = (topic: string, body: string) =>
    server.post(`/v1/publish?topic=${topic}`, body, JSON_TYPE);
  expect(await post("feed:market", "{}")).toMatchObject({ status: 403 });
  expect(await post("who:lobby", "{}")).toMatchObject({ status: 403 });
  expect(await post("feed:build", '{"status":"green"}')).toMatchObject({ status: 400 });
  const long = JSON.stringify({ line: "x".repeat(257) });
  expect(await post("room:lobby", long)).toMatchObject({ status: 400 });
});

test("a retry by producer and number is acknowledged with the offset that it has", async () => {
  await using server = await start();
  const post = (number: number) =>
    server.post(`/v1/publish?topic=room:lobby&producer=producer-y&number=${number}`, `n ${number}`);
  const first = await post(1);
  await post(2);
  const again = await post(1);
  expect(again.frames).toEqual(first.frames);
  const link = await server.sse("topic=room:lobby&since=beginning");
  await link.frame("synced");
  expect(link.events.map(({ body }) => body)).toEqual([{ text: "n 1" }, { text: "n 2" }]);
});

test("copies of one publish at the same time are kept once", async () => {
  await using server = await start();
  const lines = texts(20).map((text, index) =>
    publishFrame("room:lobby", text, "producer-z", index + 1),
  );
  const copies = await Promise.all(
    Array.from({ length: 8 }, () => server.post("/v1/publish", lines.join("\n"), NDJSON)),
  );
  for (const { frames } of copies) {
    expect(frames.map((frame) => (frame as Ack).offset)).toEqual(lines.map((_, i) => i + 1));
  }
  const link = await server.sse("topic=room:lobby&since=beginning");
  await link.frame("synced");
  expect(link.events).toHaveLength(20);
});

test("a number beyond the next is refused until the one before it came", async () => {
  await using server = await start();
  const post = async (number: number) =>
    (await server.post("/v1/publish", publishFrame("room:a", "x", "producer-o", number), NDJSON))
      .frames[0] as Ack | Nack;
  expect(await post(2)).toMatchObject({ kind: "nack", code: "out-of-order", number: 2 });
  expect(await post(1)).toMatchObject({ kind: "ack", offset: 1 });
  expect(await post(3)).toMatchObject({ kind: "nack", code: "out-of-order" });
  expect(await post(2)).toMatchObject({ kind: "ack", offset: 2 });
});

test("a final refusal uses its number up and is repeated to a retry", async () => {
  await using server = await start();
  const [refused, next] = await server
    .say("feed:market", ["no"], "producer-r")
    .then(async (a) => [
      ...a,
      ...(await server.post("/v1/publish", publishFrame("room:a", "x", "producer-r", 2), NDJSON))
        .frames,
    ]);
  expect(refused).toMatchObject({ kind: "nack", number: 1, code: "read-only" });
  expect(next).toMatchObject({ kind: "ack", number: 2 });
  // The same number with a body that would be accepted: it was answered once and for all.
  const retry = await server.post(
    "/v1/publish",
    publishFrame("room:a", "x", "producer-r", 1),
    NDJSON,
  );
  expect(retry.frames[0]).toEqual(refused);
});

test("producer and number come together or not at all", async () => {
  await using server = await start();
  for (const query of ["&producer=producer-p", "&number=1", "&producer=producer-p&number=x"]) {
    const answer = await server.post(`/v1/publish?topic=room:a${query}`, "text");
    expect(errorOf(answer)).toMatchObject({ kind: "error", code: "bad-request" });
    expect(answer.status).toBe(400);
  }
});

test("who publishes without a nick is anonymous, and nobody can have that name", async () => {
  await using server = await start();
  await server.say("room:lobby", ["hello"]);
  const link = await server.sse("topic=room:lobby&since=beginning");
  expect((await link.heard("room:lobby", 1))[0]!.from).toBe("anonymous");
  const answer = await server.post("/v1/nick?nick=Anonymous", "", bearer("me"));
  expect(answer.status).toBe(409);
  expect(errorOf(answer).suggestion).toBe("Anonymous2");
});

test("a feed keeps the newest event of each key, and says so to a retry", async () => {
  await using server = await start();
  const [one, two] = await server.say(
    "feed:build",
    [
      { key: "main", status: "red" },
      { key: "main", status: "green" },
    ],
    "producer-f",
  );
  expect(one).toMatchObject({ kind: "ack", offset: 1 });
  expect(two).toMatchObject({ kind: "ack", offset: 2 });
  const [retry] = await server.say("feed:build", [{ key: "main" }], "producer-f");
  expect(retry).toMatchObject({ kind: "ack", offset: null, epoch: (one as Ack).epoch });
  const link = await server.sse("topic=feed:build");
  const [event] = await link.heard("feed:build", 1);
  expect(event).toMatchObject({ offset: 2, superseded: 1, body: { key: "main", status: "green" } });
});
