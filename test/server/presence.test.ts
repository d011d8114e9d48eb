import { expect, test } from "vitest";
import type { EventStream } from "./link.ts";
import { bearer, start, type TestServer } from "./support.ts";

/** Who came and went, as `who:a` told it so far. */
const story = (watcher: EventStream) =>
  watcher.events.map(({ body }) => {
    const { nick, here } = body as { nick: string; here: boolean };
    return `${here ? "+" : "-"}${nick}`;
  });

async function present(server: TestServer, room = "room:a"): Promise<string[]> {
  const answer = JSON.parse((await server.get("/v1/rooms")).text) as {
    rooms: { topic: string; present: string[] }[];
  };
  return answer.rooms.find(({ topic }) => topic === room)?.present ?? [];
}

const ME = bearer("me");

test("who joins and says bye is seen to come and go", async () => {
  await using server = await start();
  const watcher = await server.websocket("topic=who:a");
  await watcher.frame("synced");
  const link = await server.sse("topic=room:a&nick=bob&link=s.1", ME);
  await watcher.heard("who:a", 1);
  await server.post("/v1/bye?link=s.1");
  await watcher.heard("who:a", 2);
  expect(story(watcher)).toEqual(["+bob", "-bob"]);
  link.close();
});

test("bye as a frame ends it too", async () => {
  await using server = await start();
  const watcher = await server.websocket("topic=who:a");
  const link = await server.websocket("topic=room:a&nick=bob&link=s.1", ME);
  await watcher.heard("who:a", 1);
  link.send({ kind: "bye" });
  await watcher.heard("who:a", 2);
  expect(story(watcher)).toEqual(["+bob", "-bob"]);
});

test("what was on its way when a session said bye doesn't bring it back", async () => {
  await using server = await start({ heartbeat: 400 });
  const watcher = await server.websocket("topic=who:a");
  const poll = () => server.get("/v1/polling?topic=room:a&nick=bob&link=s.1", ME);
  await poll();
  await server.post("/v1/bye?link=s.1");
  await poll();
  // Even of a session that was never heard of: its bye has overtaken its first poll.
  await server.post("/v1/bye?link=t.1");
  await server.get("/v1/polling?topic=room:a&nick=rob&link=t.1", bearer("rob"));
  await server.get("/v1/polling?topic=room:a&nick=eve&link=u.1", bearer("eve"));
  await watcher.heard("who:a", 3);
  expect(story(watcher)).toEqual(["+bob", "-bob", "+eve"]);
  // For a lease: when eve's, which is younger, has run out, it is forgotten.
  await watcher.heard("who:a", 4);
  await poll();
  await watcher.heard("who:a", 5);
  expect(story(watcher)).toEqual(["+bob", "-bob", "+eve", "-eve", "+bob"]);
});

test("who comes later reads who is there", async () => {
  await using server = await start();
  await server.websocket("topic=room:a&nick=bob");
  await server.websocket("topic=room:a&nick=eve");
  const watcher = await server.sse("topic=who:a");
  await watcher.frame("synced");
  expect(story(watcher)).toEqual(["+bob", "+eve"]);
});

test("of two sessions with one nick the last takes it along", async () => {
  await using server = await start();
  const watcher = await server.websocket("topic=who:a");
  await server.websocket("topic=room:a&nick=bob&link=s.1", ME);
  await server.websocket("topic=room:a&nick=bob&link=t.1", ME);
  await watcher.heard("who:a", 1);
  await server.post("/v1/bye?link=s.1");
  expect(await present(server)).toEqual(["bob"]);
  await server.post("/v1/bye?link=t.1");
  await watcher.heard("who:a", 2);
  expect(story(watcher)).toEqual(["+bob", "-bob"]);
});

test("a second link of the session, and the end of the first, are seen by nobody", async () => {
  await using server = await start();
  const watcher = await server.websocket("topic=who:a");
  const first = await server.websocket("topic=room:a&nick=bob&link=s.1", ME);
  await watcher.heard("who:a", 1);
  const second = await server.sse("topic=room:a&nick=bob&link=s.2", ME);
  await second.frame("synced");
  first.close();
  await first.end();
  // A later arrival is seen: had anything happened before, it would have come first.
  await server.websocket("topic=room:a&nick=eve&link=t.1", bearer("eve"));
  await watcher.heard("who:a", 2);
  expect(story(watcher)).toEqual(["+bob", "+eve"]);
});

test("the newest link says where a session is, whatever an older one still asks for", async () => {
  await using server = await start();
  const poll = (number: number, topics: string) =>
    server.get(`/v1/polling?${topics}&nick=bob&link=s.${number}`, ME);
  await poll(1, "topic=room:a");
  await poll(2, "topic=room:a&topic=room:b");
  await poll(1, "topic=room:a");
  expect(await present(server, "room:b")).toEqual(["bob"]);
  await poll(3, "topic=room:b");
  expect(await present(server, "room:a")).toEqual([]);
  // A link without a nick takes the session out of sight.
  await server.get("/v1/polling?topic=room:b&link=s.4", ME);
  expect(await present(server, "room:b")).toEqual([]);
});

test("a new nick replaces the old one", async () => {
  await using server = await start();
  const watcher = await server.websocket("topic=who:a");
  for (const [index, nick] of ["bob", "rob", "ROB"].entries()) {
    await server.get(`/v1/polling?topic=room:a&nick=${nick}&link=s.${index + 1}`, ME);
  }
  await watcher.heard("who:a", 5);
  expect(story(watcher)).toEqual(["+bob", "+rob", "-bob", "-rob", "+ROB"]);
  expect(await present(server)).toEqual(["ROB"]);
});

test("a session that shows no more signs of life is gone after its lease", async () => {
  await using server = await start({ heartbeat: 400 });
  const watcher = await server.websocket("topic=who:a");
  await server.get("/v1/polling?topic=room:a&nick=bob&link=s.1", ME);
  await watcher.heard("who:a", 2);
  expect(story(watcher)).toEqual(["+bob", "-bob"]);
});

test.each([
  ["polls", (server: TestServer) => server.get("/v1/polling?topic=room:a&nick=bob&link=s.1", ME)],
  ["pings", (server: TestServer) => server.post("/v1/ping?link=s.1&id=1")],
  [
    "publishes",
    (server: TestServer) => server.post("/v1/publish?topic=room:b&nick=bob&link=s.1", "hi", ME),
  ],
])("a session that %s is still there", async (_what, live) => {
  await using server = await start({ heartbeat: 400 });
  const watcher = await server.websocket("topic=who:a");
  await server.get("/v1/polling?topic=room:a&nick=bob&link=s.1", ME);
  // A witness of the same age, who says nothing, is gone: so the time was up.
  const witness = await server.websocket("topic=who:b");
  await server.get("/v1/polling?topic=room:b&nick=eve&link=t.1", bearer("eve"));
  const life = new AbortController();
  const living = (async () => {
    while (!life.signal.aborted) await live(server);
  })();
  await witness.heard("who:b", 2);
  life.abort();
  await living;
  expect(story(watcher)).toEqual(["+bob"]);
});

test("a plain reader with a nick is there for as long as its link lives", async () => {
  await using server = await start({ heartbeat: 400 });
  const watcher = await server.websocket("topic=who:a");
  const link = await server.sse("topic=room:a&nick=bob");
  const witness = await server.websocket("topic=who:b");
  await server.get("/v1/polling?topic=room:b&nick=eve&link=t.1", ME);
  await witness.heard("who:b", 2);
  expect(story(watcher)).toEqual(["+bob"]);
  link.close();
  await watcher.heard("who:a", 2);
  expect(story(watcher)).toEqual(["+bob", "-bob"]);
});
