import { expect, test } from "vitest";
import type { FeedSource } from "../../src/server/feeds/feed.ts";
import { start } from "./support.ts";

/** A market whose prices the test says. */
function market() {
  let emit: Parameters<FeedSource["run"]>[0] = () => {};
  const feed: FeedSource = {
    label: "simulated",
    async run(told, signal) {
      emit = told;
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
    },
  };
  const tell = (...prices: readonly [symbol: string, price: number][]) =>
    emit(prices.map(([symbol, price]) => ({ symbol, price, change: 0 })));
  return { feed, tell };
}

test("who subscribes gets the newest price of each symbol, then every one", async () => {
  const { feed, tell } = market();
  await using server = await start({ feed });
  tell(["A", 1], ["B", 1], ["A", 2], ["A", 3], ["C", 1], ["B", 2]);
  const link = await server.websocket("topic=feed:market&since=beginning");
  await link.frame("synced");
  expect(await link.frame("topic")).toMatchObject({
    mode: "latest",
    key: "symbol",
    from: "simulated",
    after: 0,
  });
  expect(link.events.map(({ offset, superseded, body }) => [offset, superseded, body])).toEqual([
    [4, 3, { symbol: "A", price: 3, change: 0 }],
    [5, 0, { symbol: "C", price: 1, change: 0 }],
    [6, 0, { symbol: "B", price: 2, change: 0 }],
  ]);
  tell(["A", 4], ["A", 5]);
  const prices = (await link.heard("feed:market", 5)).slice(3);
  expect(prices.map(({ superseded, from }) => [superseded, from])).toEqual([
    [0, "simulated"],
    [0, "simulated"],
  ]);
});

test("a position in a feed goes on after it, conflated", async () => {
  const { feed, tell } = market();
  await using server = await start({ feed });
  tell(["A", 1], ["B", 1]);
  const { cursor } = await (await server.websocket("topic=feed:market")).frame("synced");
  tell(["A", 2], ["A", 3], ["A", 4]);
  const link = await server.sse(`cursor=${cursor}`);
  await link.frame("synced");
  expect(link.events).toMatchObject([{ offset: 5, superseded: 2, body: { price: 4 } }]);
});

test("a feed that nothing has come of yet is empty and live", async () => {
  await using server = await start();
  const link = await server.websocket("topic=feed:market&topic=feed:build");
  await link.frame("synced");
  expect(link.frames.slice(1, 3)).toMatchObject([{ key: "symbol" }, { key: "key" }]);
  await server.say("feed:build", [{ key: "main" }]);
  await link.heard("feed:build", 1);
});

test("a key that was dropped is a gap for who hadn't read it, and all others come anew", async () => {
  await using server = await start();
  await server.say("feed:build", keyed(0, 10));
  const { cursor } = await (await server.websocket("topic=feed:build")).frame("synced");
  await server.say("feed:build", keyed(10, 1_005));
  const link = await server.websocket(`cursor=${cursor}`);
  await link.frame("synced");
  const { gap, after } = await link.frame("topic");
  expect(gap).toEqual({ from: 11, to: 15, reason: "trimmed" });
  expect(after).toBe(0);
  expect(link.events.map(({ offset }) => offset)).toEqual(
    Array.from({ length: 1_000 }, (_, index) => 16 + index),
  );
  expect(link.events[0]).toMatchObject({ superseded: 15 });
});

test("who-topics keep everybody who is there, however many have gone", async () => {
  await using server = await start();
  await server.websocket("topic=room:a&nick=stays&link=s.1");
  const watcher = await server.websocket("topic=who:a");
  const { cursor } = await watcher.frame("synced");
  for (let n = 0; n < 400; n++) {
    await server.get(`/v1/polling?topic=room:a&nick=guest${n}`);
  }
  await watcher.heard("who:a", 801);
  const late = await server.websocket("topic=who:a");
  await late.frame("synced");
  expect(late.events[0]!.body).toEqual({ nick: "stays", here: true });
  expect(late.events.length).toBeLessThan(400);
  // Who knew some of those as being there has to forget them.
  const back = await server.websocket(`cursor=${cursor.replace(/\.\d+$/, ".3")}`);
  await back.frame("synced");
  expect((await back.frame("topic")).gap).toMatchObject({ from: 4, reason: "trimmed" });
  expect(back.events[0]!.body).toEqual({ nick: "stays", here: true });
});

test("a feed in use survives a thousand others", { timeout: 60_000 }, async () => {
  await using server = await start();
  await server.say("feed:read", [{ key: "k", n: 1 }]);
  await server.say("feed:unread", [{ key: "k", n: 1 }]);
  const link = await server.websocket("topic=feed:read");
  const { cursor } = await link.frame("synced");
  const lost = await server.websocket("topic=feed:unread");
  const other = (await lost.frame("synced")).cursor;
  lost.close();
  await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => server.say(`feed:x${n}`, [{ key: "k" }])),
  );
  await server.say("feed:read", [{ key: "k", n: 2 }]);
  expect((await link.heard("feed:read", 2))[1]!.body).toMatchObject({ n: 2 });
  const again = await server.websocket(`cursor=${cursor}`);
  await again.frame("synced");
  expect(again.events).toHaveLength(1);
  const gone = await server.websocket(`cursor=${other}`);
  expect((await gone.frame("topic")).gap).toMatchObject({ reason: "epoch" });
});

function keyed(first: number, count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ key: `k${first + index}` }));
}
