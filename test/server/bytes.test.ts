// PROTOCOL.md, section 9, counted at the socket.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { LatestTopic } from "../../src/server/latest-topic.ts";
import type { FeedSource, Tick } from "../../src/server/feeds/feed.ts";
import { start, type TestServer } from "./support.ts";

const TICK = { symbol: "ACME", price: 1.5 };
const BODY = JSON.stringify(TICK).length;
const TICKS = 50;

test("the tick that is measured is 31 bytes long", () => {
  expect(BODY).toBe(31);
});

test.each([
  ["websocket", "topic=feed:market&link=s.1", 24],
  ["websocket", "topic=feed:market", 24],
  ["sse", "topic=feed:market&link=s.1", 48],
  ["sse", "topic=feed:market", 48],
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
  const before = socket.bytesRead;
  for (let count = 1; count <= TICKS; count++) {
    // One at a time: events of one turn share a frame.
    emit([TICK]);
    await received(socket, `,${1_000 + count},`);
  }
  const each = (socket.bytesRead - before) / TICKS;
  // 4 digits of offset and at most 5 of time here; 7 of each are what the budget is for.
  expect(each - BODY + 3 + 2).toBeLessThanOrEqual(budget);
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

async function received(socket: Socket, what: string): Promise<void> {
  let got = "";
  while (!got.includes(what)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    got += chunk.toString("latin1");
  }
}
