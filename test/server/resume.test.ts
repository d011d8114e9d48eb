import { expect, test } from "vitest";
import { temporary } from "./folder.ts";
import { start, texts } from "./support.ts";

test("a link goes on from the cursor of another, on another transport", async () => {
  await using server = await start();
  await server.say("room:a", texts(5));
  const first = await server.websocket("topic=room:a&since=beginning");
  const { cursor } = await first.frame("synced");
  first.close();
  await server.say("room:a", texts(3, "later"));
  const second = await server.sse(`cursor=${cursor}`);
  await second.frame("synced");
  expect(second.events.map(({ offset }) => offset)).toEqual([6, 7, 8]);
  expect(second.frames[1]).toMatchObject({ kind: "topic", after: 5 });
});

test("each event's id resumes right after it, wherever the stream died", async () => {
  await using server = await start();
  await server.say("room:a", texts(4));
  await server.say("room:b", texts(4));
  const query = "topic=room:a&topic=room:b&since=beginning";
  const whole = await server.sse(query);
  await whole.frame("synced");
  await server.say("room:a", texts(2, "live"));
  await server.say("room:b", texts(2, "live"));
  await whole.heard("room:b", 6);
  expect(whole.events).toHaveLength(12);
  const told = whole.events.map(({ topic, offset }) => `${topic} ${offset}`);
  for (const [index, { id }] of whole.events.entries()) {
    expect(id).toMatch(/^\w{5}\.\d+,\w{5}\.\d+$/);
    const rest = await server.sse(query, { "last-event-id": id! });
    await rest.frame("synced");
    const heard = rest.events.map(({ topic, offset }) => `${topic} ${offset}`);
    expect(heard.toSorted(), `after event ${index}`).toEqual(told.slice(index + 1).toSorted());
    rest.close();
  }
});

test("a link that names itself gets no ids, and the same event in fewer bytes", async () => {
  await using server = await start();
  await server.say("room:a", ["x"]);
  const link = await server.sse("topic=room:a&since=beginning&link=abc.1");
  expect((await link.heard("room:a", 1))[0]!.id).toBeUndefined();
});

test("an id that says nothing is answered with a gap, and reading goes on", async () => {
  await using server = await start();
  await server.say("room:a", texts(3));
  const link = await server.sse("topic=room:a&since=beginning", { "last-event-id": "garbage" });
  const topic = await link.frame("topic");
  expect(topic.gap).toEqual({ from: null, to: null, reason: "unreadable" });
  expect(topic.after).toBe(3);
  await server.say("room:a", ["next"]);
  expect((await link.heard("room:a", 1))[0]!.offset).toBe(4);
});

test("positions of another epoch, beyond the head, or unreadable are spoken gaps", async () => {
  await using server = await start();
  await server.say("room:a", texts(5));
  const { cursor } = await (await server.websocket("topic=room:a")).frame("synced");
  const epoch = /@(\w{5})/.exec(cursor)![1]!;
  const other = epoch === "zzzzz" ? "yyyyy" : "zzzzz";
  const gap = async (position: string) => {
    const link = await server.websocket(`cursor=room:a@${position}`);
    const { after, gap: told } = await link.frame("topic");
    await link.frame("synced");
    link.close();
    return { after, gap: told, events: link.events.length };
  };
  expect(await gap(`${other}.3`)).toEqual({
    after: 0,
    gap: { from: 4, to: null, reason: "epoch" },
    events: 5,
  });
  expect(await gap(`${epoch}.9`)).toEqual({
    after: 5,
    gap: { from: 6, to: 9, reason: "future" },
    events: 0,
  });
  expect(await gap(`${epoch}.9007199254740993`)).toEqual({
    after: 5,
    gap: { from: null, to: null, reason: "unreadable" },
    events: 0,
  });
  // Polls tell it too, with a cursor to go on from.
  const poll = await server.get(`/v1/polling?cursor=room:a@${epoch}.9`);
  expect(poll.frames).toMatchObject([
    { kind: "topic", after: 5, gap: { reason: "future" } },
    { kind: "synced", cursor },
  ]);
});

test.each(["memory", "sqlite"])("%s: what was trimmed is a gap with its extent", async (kind) => {
  await using folder = await temporary();
  const database = kind === "sqlite" ? folder.file : undefined;
  await using server = await start({ retain: 10, database });
  await server.say("room:a", texts(5));
  const { cursor } = await (await server.websocket("topic=room:a")).frame("synced");
  await server.say("room:a", texts(40, "later"));
  const link = await server.websocket(`cursor=${cursor}`);
  await link.frame("synced");
  const { gap, after } = await link.frame("topic");
  expect(gap).toEqual({ from: 6, to: after, reason: "trimmed" });
  expect(link.events[0]!.offset).toBe(after + 1);
  expect(link.events.at(-1)!.offset).toBe(45);
  expect(link.events.length).toBeGreaterThanOrEqual(10);
  // From the beginning there is no gap: that is where the log begins now.
  const whole = await server.sse("topic=room:a&since=beginning");
  await whole.frame("synced");
  expect((await whole.frame("topic")).gap).toBeUndefined();
  expect(whole.events).toEqual(link.events.map((event) => ({ ...event, id: expect.any(String) })));
});

test("what is trimmed while a poller is on its way to it is a gap too", async () => {
  await using server = await start({ retain: 2_000 });
  await server.say("room:a", texts(2_000));
  const first = await server.get("/v1/polling?topic=room:a&since=beginning");
  const more = first.frames.at(-1) as { kind: string; cursor: string };
  expect(more.kind).toBe("more");
  await server.say("room:a", texts(2_000, "later"));
  const second = await server.get(`/v1/polling?cursor=${more.cursor}`);
  const [topic, event] = second.frames as unknown as [
    { gap: { from: number; to: number; reason: string }; after: number },
    { offset: number },
  ];
  expect(topic.gap).toEqual({ from: 1_001, to: topic.after, reason: "trimmed" });
  expect(event.offset).toBe(topic.after + 1);
});

test("a pong for a poller comes with its next poll", async () => {
  await using server = await start();
  const first = await server.get("/v1/polling?topic=room:a&link=abc.1");
  const cursor = (first.frames.at(-1) as { cursor: string }).cursor;
  const clock = await server.post("/v1/ping?link=abc.1&id=7");
  expect(clock.frames).toMatchObject([{ kind: "clock", id: 7, time: expect.any(Number) }]);
  const next = await server.get(`/v1/polling?cursor=${cursor}&link=abc.1`);
  expect(next.frames).toMatchObject([
    { kind: "pong", id: 7 },
    { kind: "synced", cursor },
  ]);
  expect((await server.get(`/v1/polling?cursor=${cursor}&link=abc.1`)).status).toBe(204);
});
