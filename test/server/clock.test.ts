// The wall clock may jump: times stay right, and nothing is decided by them.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Tick } from "../../src/server/feeds/feed.ts";
import { start, texts } from "./support.ts";

const NOW = 1_763_840_000_000;
const LONG = 10_000_001;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

test("the base moves on before times grow long, for rooms, feeds, prices and presence", async () => {
  let emit: (ticks: readonly Tick[]) => void = () => {};
  await using server = await start({
    feed: {
      label: "simulated",
      async run(told, signal) {
        emit = told;
        const { promise, resolve } = Promise.withResolvers<void>();
        signal.addEventListener("abort", () => resolve(), { once: true });
        await promise;
      },
    },
  });
  const topics = ["room:a", "feed:b", "feed:market", "who:c"];
  const link = await server.sse(topics.map((topic) => `topic=${topic}`).join("&"));
  await link.frame("synced");
  const round = async (count: number) => {
    await server.say("room:a", ["x"]);
    await server.say("feed:b", [{ key: "k" }]);
    emit([{ symbol: "A", price: 1, change: 0 }]);
    await server.get(`/v1/polling?topic=room:c&nick=bob${count}&link=s.${count}`);
    await Promise.all(topics.slice(0, 3).map((topic) => link.heard(topic, count)));
    await link.heard("who:c", 2 * count - 1);
  };
  await round(1);
  vi.setSystemTime(NOW + LONG);
  await round(2);
  const moved = link.frames.filter((frame) => frame.kind === "topic" && frame.base > NOW);
  expect(moved.map((frame) => frame.kind === "topic" && frame.topic)).toEqual(topics);
  for (const topic of topics) {
    const times = (await link.heard(topic, 2)).map(({ at }) => at);
    expect(new Set(times)).toEqual(new Set([NOW, NOW + LONG]));
  }
  for (const frame of link.frames) if (frame.kind === "event") expect(frame.at).toBe(0);
});

test("events of one commit keep their times when the base moves between them", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a");
  await link.frame("synced");
  await server.say("room:a", ["first"]);
  // The clock stands so that one is before the move and one after it.
  const time = vi.spyOn(Date, "now");
  let calls = 0;
  time.mockImplementation(() => NOW + 9_999_990 + 20 * calls++);
  await server.say("room:a", texts(2));
  time.mockRestore();
  const [, second, third] = await link.heard("room:a", 3);
  expect(third!.at - second!.at).toBe(20);
  expect(second!.at).toBeGreaterThan(NOW + 9_999_000);
});

test("a clock that is set back loses and reorders nothing", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a&since=beginning");
  await server.say("room:a", ["one"]);
  const { offset } = (await link.heard("room:a", 1))[0]!;
  expect(offset).toBe(1);
  vi.setSystemTime(NOW - 86_400_000);
  await server.say("room:a", ["two"]);
  const heard = await link.heard("room:a", 2);
  expect(heard.map(({ body }) => body)).toEqual([{ text: "one" }, { text: "two" }]);
  expect(heard[1]!.at).toBe(NOW - 86_400_000);
  const again = await server.sse("topic=room:a&since=1");
  await again.frame("synced");
  expect(again.events).toMatchObject([{ offset: 2, body: { text: "two" } }]);
});
