import { expect, test } from "vitest";
import type { EventFrame, Page, TopicFrame } from "../../src/protocol/frames.ts";
import { temporary } from "./folder.ts";
import { errorOf, start, type TestServer, texts } from "./support.ts";

const STORES = ["memory", "sqlite"] as const;

test.each(STORES)("%s: pages lead back to the beginning without a hole", async (kind) => {
  await using folder = await temporary();
  await using server = await start({ database: kind === "sqlite" ? folder.file : undefined });
  await server.say("room:a", texts(230));
  const pages = await walk(server, 50);
  expect(pages.map((offsets) => offsets.length)).toEqual([30, 50, 50, 50, 50]);
  expect(pages.flat()).toEqual(Array.from({ length: 230 }, (_, index) => index + 1));
});

test.each(STORES)("%s: after trimming they lead back to where the log begins", async (kind) => {
  await using folder = await temporary();
  const database = kind === "sqlite" ? folder.file : undefined;
  await using server = await start({ retain: 20, database });
  await server.say("room:a", texts(100));
  const offsets = (await walk(server, 7)).flat();
  expect(offsets.at(-1)).toBe(100);
  expect(offsets.length).toBeGreaterThanOrEqual(20);
  expect(offsets).toEqual(offsets.map((_, index) => offsets[0]! + index));
  // Below the beginning there is nothing, and nothing more.
  const below = await page(server, "before=5");
  expect(below).toMatchObject({ events: [], more: false });
});

test.each(STORES)(
  "%s: a page of long messages is shorter, and joins all the same",
  async (kind) => {
    await using folder = await temporary();
    await using server = await start({ database: kind === "sqlite" ? folder.file : undefined });
    await server.say(
      "room:a",
      Array.from({ length: 60 }, () => "x".repeat(16_000)),
    );
    const pages = await walk(server, 200);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.flat()).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  },
);

test("a room that nobody has written to has an empty history", async () => {
  await using server = await start();
  expect(await page(server, "")).toMatchObject({ events: [], more: false });
  expect(await page(server, "before=0")).toMatchObject({ events: [], more: false, after: 0 });
});

test("limit is lowered to 200", async () => {
  await using server = await start();
  await server.say("room:a", texts(300));
  expect((await page(server, "limit=1000")).events).toHaveLength(200);
  expect((await page(server, "limit=0")).events).toHaveLength(1);
});

test("what isn't a page of a room is refused", async () => {
  await using server = await start();
  const ask = async (query: string) => errorOf(await server.get(`/v1/history?${query}`)).code;
  expect(await ask("topic=feed:market")).toBe("bad-topic");
  expect(await ask("topic=lobby")).toBe("bad-topic");
  expect(await ask("")).toBe("bad-topic");
  for (const wrong of ["before=-1", "before=x", "limit=1e2", "before=99999999999999999999"]) {
    expect(await ask(`topic=room:a&${wrong}`), wrong).toBe("bad-request");
  }
});

test("rooms are listed with their topic line, newest first, and who is there", async () => {
  await using server = await start();
  await server.say("room:old", ["x", { line: "release\non Friday\u0000" }, "y"]);
  await server.say("room:new", ["x"]);
  const link = await server.websocket("topic=room:empty&topic=room:old&nick=bob");
  await link.frame("synced");
  const { rooms } = JSON.parse((await server.get("/v1/rooms")).text) as { rooms: object[] };
  expect(rooms).toEqual(
    [
      { topic: "room:empty", line: "", head: 0, at: 0, present: ["bob"] },
      { topic: "room:new", line: "", head: 1, at: expect.any(Number), present: [] },
      {
        topic: "room:old",
        line: "release on Friday ",
        head: 3,
        at: expect.any(Number),
        present: ["bob"],
      },
    ].toSorted(newestFirst(rooms)),
  );
});

async function page(server: TestServer, query: string) {
  const { status, frames } = await server.get(`/v1/history?topic=room:a&${query}`);
  expect(status).toBe(200);
  const { after } = frames[0] as TopicFrame;
  const { more } = frames.at(-1) as Page;
  const events = frames.slice(1, -1) as EventFrame[];
  for (const [index, { offset }] of events.entries()) expect(offset).toBe(after + index + 1);
  return { after, events, more };
}

/** Offsets of all pages, oldest first. */
async function walk(server: TestServer, limit: number): Promise<number[][]> {
  const pages: number[][] = [];
  for (let before = ""; ;) {
    const { events, more, after } = await page(server, `limit=${limit}${before}`);
    pages.unshift(events.map(({ offset }) => offset));
    if (!more) return pages;
    before = `&before=${after + 1}`;
  }
}

// Two rooms that were written to in the same millisecond may come in either order.
function newestFirst(rooms: readonly object[]) {
  const order = rooms.map((room) => (room as { topic: string }).topic);
  return (a: { topic: string }, b: { topic: string }) =>
    order.indexOf(a.topic) - order.indexOf(b.topic);
}
