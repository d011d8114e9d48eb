// PROTOCOL.md, section 9, counted at the socket.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { LatestTopic } from "../../src/server/latest-topic.ts";
import type { FeedSource, Tick } from "../../src/server/feeds/feed.ts";
import { start, type TestServer } from "./support.ts";

/** Without `change`, as a feed of one's own may be. */
const TICK = { symbol: "ACME", price: 101.5 } as Tick;
const BODY = JSON.stringify(TICK).length;
const TICKS = 50;

test("the tick that is measured is 31 bytes long", () => {
  expect(BODY).toBe(31);
});

test.each([
  ["websocket", "topic=feed:market&link=s.1", 23],
  ["websocket", "topic=feed:market", 23],
  ["sse", "topic=feed:market&link=s.1", 28],
  ["sse", "topic=feed:market", 45],
] as const)("an event over %s with %s costs at most %s bytes more", async (kind, query, budget) => {
  let emit: (ticks: readonly Tick[]) => void = () => {};
  const feed: FeedSource = {
    label: "simulated",
    async run(told, signal) {
      emit = told;
      await once(signal, "abort");
    },
  };
  await using server = await start({ feed });
  // Offsets as they are after days of trading.
  emit(Array.from({ length: 1_000 }, () => TICK));
  const socket = await open(server, kind, query);
  await received(socket, '"synced"');
  const positions = kind === "sse" && !query.includes("link") ? 2 : 1;
  for (let count = 1; count <= TICKS; count++) {
    const before = socket.bytesRead;
    // One at a time: events of one turn share a frame.
    emit([TICK]);
    const got = await received(socket, "}]");
    const [, offset, at] = /\[1,(\d+),(\d+),/.exec(got)!;
    // The budget is for offsets and times of 7 digits.
    const shorter = positions * (7 - offset!.length) + (7 - at!.length);
    expect(socket.bytesRead - before - BODY + shorter).toBeLessThanOrEqual(budget);
  }
  socket.destroy();
});

test("the longest event within the budget's bounds is 21 bytes longer than its body", () => {
  const base = 1_763_840_000_000;
  const topic = new LatestTopic("feed:market", 1, "p0xm1", "symbol", { keys: 9, retired: 0 }, base);
  topic.head = 9_999_998;
  const event = { at: base + 9_999_999, from: "", body: JSON.stringify(TICK) };
  topic.moveBase(event.at);
  const { json } = topic.append("ACME", event);
  expect(json).toBe(`[1,9999999,9999999,${event.body}]`);
  expect(json.length - BODY).toBeLessThanOrEqual(21);
  // One ms later the base moves on, so times never get longer.
  topic.moveBase(base + 10_000_000);
  expect(topic.append("ACME", { ...event, at: base + 10_000_000 }).json).toContain(",0,{");
});

async function open(server: TestServer, kind: "websocket" | "sse", query: string): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  socket.write(
    `GET /v1/${kind}?${query} HTTP/1.1\r\nHost: localhost\r\n${kind === "sse" ? "" : upgrade}\r\n`,
  );
  return socket;
}

async function received(socket: Socket, what: string): Promise<string> {
  let got = "";
  while (!got.includes(what)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    got += chunk.toString("latin1");
  }
  return got;
}
