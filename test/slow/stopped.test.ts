// Readers that are stopped (SIGSTOP) while everybody else goes on at full speed: they cost the server next to nothing, and have everything in
// the end. socket.io#3158, engine.io#420, aspnetcore#43093: an unbounded write buffer for a slow client. aspnetcore#34895: after a burst it gets
// the newest prices, not the backlog.
import { join } from "node:path";
import { expect, test } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { type EventStream, openSse } from "../server/link.ts";
import { type Run, run } from "../support/process.ts";
import { flood } from "./support/flood.ts";
import { inMib, inUse, type MeasuredServer, MIB, startMeasured } from "./support/measured.ts";
import type { Read } from "./support/reader.ts";

/** Events that go by; the more, the longer it takes. */
const EVENTS = Number(process.env["SLOW_EVENTS"] ?? 200_000);
const FEED_EVENTS = EVENTS / 5;
const ROOM_EVENTS = EVENTS - FEED_EVENTS;
const KEYS = 50;
const HEALTHY = 100;
/** So that what goes by is more than the system's buffers take for a socket that nobody reads. */
const PADDING = "x".repeat(200);

const support = (name: string) => join(import.meta.dirname, "support", name);
const ROOM = "room:load";
const FEED = "feed:load";
const streams = [
  { topic: ROOM, count: ROOM_EVENTS, body: (n: number) => ({ n, text: PADDING }) },
  {
    topic: FEED,
    count: FEED_EVENTS,
    body: (n: number) => ({ key: `k${n % KEYS}`, n, text: PADDING }),
  },
];

test(
  `among ${HEALTHY} healthy readers, one stopped over each transport and an SSE client that doesn't read: ${EVENTS} events cost less than 16 MiB`,
  { timeout: 240_000 },
  async () => {
    await using server = await startMeasured({
      args: ["--feed", "none", "--retain", String(2 * EVENTS)],
    });
    await using stack = new AsyncDisposableStack();
    const healthy = [1, 2].map(() =>
      stack.use(
        run([server.url, String(HEALTHY / 2), ROOM, FEED, String(ROOM_EVENTS)], {
          script: support("healthy.ts"),
        }),
      ),
    );
    for (const readers of healthy) await heard(readers, "ready");
    const stopped = await Promise.all(
      TRANSPORTS.map(async (transport) => stack.use(await startReader(server, transport))),
    );
    const sse = await openSse(`${server.url}/v1/sse?topic=${ROOM}&topic=${FEED}`, {});
    stack.defer(() => sse.close());
    await sse.frame("synced");
    sse.pause();
    for (const reader of stopped) reader.kill("SIGSTOP");

    const perSecond = await flood(server.url, streams);
    const figures = await Promise.all(healthy.map((readers) => nextLine(readers)));
    const stuck = await server.memory();
    await sayEnd(server, FEED_EVENTS);

    for (const reader of stopped) reader.kill("SIGCONT");
    const reads = await Promise.all(stopped.map(result));
    for (const read of reads) {
      expect(read).toMatchObject({
        room: ROOM_EVENTS + 1,
        roomHead: ROOM_EVENTS + 1,
        outOfOrder: [],
        gaps: [],
        duplicates: 0,
        feedHead: FEED_EVENTS,
        latest: newestOfEachKey(),
      });
      // Every offset of the feed came or was counted.
      expect(read.feed + read.superseded).toBe(FEED_EVENTS);
    }
    sse.resume();
    await caughtUp(sse);
    const room = sse.events.filter(({ topic }) => topic === ROOM);
    expect(room.map(({ offset }) => offset)).toEqual(
      Array.from({ length: ROOM_EVENTS + 1 }, (_, index) => index + 1),
    );
    sse.close();
    await Promise.all(stopped.map(({ exited }) => exited));
    await expect.poll(() => server.links(), { timeout: 20_000 }).toBe(0);
    const without = await server.memory();
    process.stdout.write(
      `${Math.round(perSecond)} events/s to ${HEALTHY} healthy readers: ${figures.join(" ")}\n` +
        `stopped: ${inMib(stuck.now)}\nwithout: ${inMib(without.now)}\npeak: ${inMib(stuck.peak)}\n` +
        reads
          .map(
            (read, index) =>
              `${TRANSPORTS[index]}: ${read.feed} of ${FEED_EVENTS} of the feed, links lost: ${read.lost}`,
          )
          .join("\n"),
    );
    expect(inUse(stuck) - inUse(without)).toBeLessThan(16 * MIB);
  },
);

test(
  "where retention has gone past it meanwhile, a stopped reader is told how far, and reads on",
  { timeout: 120_000 },
  async () => {
    const count = 20_000;
    const retain = 1_000;
    const text = "x".repeat(2_000);
    await using server = await startMeasured({
      args: ["--feed", "none", "--retain", String(retain)],
    });
    await using stack = new AsyncDisposableStack();
    const stopped = await Promise.all(
      TRANSPORTS.map(async (transport) => stack.use(await startReader(server, transport))),
    );
    for (const reader of stopped) reader.kill("SIGSTOP");
    await flood(server.url, [{ topic: ROOM, count, body: (n) => ({ n, text }) }]);
    await sayEnd(server, 0);
    for (const reader of stopped) reader.kill("SIGCONT");
    for (const reader of stopped) {
      const read = await result(reader);
      expect(read).toMatchObject({ roomHead: count + 1, outOfOrder: [], duplicates: 0 });
      const extents = read.gaps.map(({ from, to, reason }) => {
        expect(reason).toBe("trimmed");
        return to! - from! + 1;
      });
      expect(extents.length).toBeGreaterThan(0);
      // What it has and what it was told that it can't have is all that there was.
      expect(read.room + extents.reduce((sum, extent) => sum + extent)).toBe(count + 1);
      expect(read.room).toBeGreaterThanOrEqual(retain);
    }
  },
);

// By and by: what is waited for comes after much else. That each event joins the last is looked at by the link itself.
async function caughtUp(link: EventStream): Promise<void> {
  const heads = new Map<string, number>();
  const isThere = () => heads.get(ROOM) === ROOM_EVENTS + 1 && heads.get(FEED) === FEED_EVENTS;
  while (!isThere()) {
    const before = link.events.length;
    const moved = () => {
      const last = link.events.at(-1);
      if (last) heads.set(last.topic, last.offset);
      return isThere() || link.events.length > before + 1_000;
    };
    await link.until(moved, "more of the log");
  }
}

async function startReader(server: MeasuredServer, transport: string): Promise<Run> {
  const reader = run([server.url, transport, ROOM, FEED], { script: support("reader.ts") });
  await heard(reader, "live");
  return reader;
}

async function sayEnd({ url }: MeasuredServer, feedHead: number): Promise<void> {
  await flood(url, [{ topic: ROOM, count: 1, body: () => ({ end: true, feedHead }) }]);
}

async function result(reader: Run): Promise<Read> {
  return JSON.parse(await nextLine(reader)) as Read;
}

async function nextLine(child: Run): Promise<string> {
  for await (const line of child.lines) if (line !== "live" && line !== "ready") return line;
  throw new Error(`ended: ${(await child.exited).stderr}`);
}

async function heard(child: Run, wanted: string): Promise<void> {
  for await (const line of child.lines) if (line === wanted) return;
  throw new Error(`ended without ${wanted}: ${(await child.exited).stderr}`);
}

function newestOfEachKey(): Record<string, number> {
  const numbers = Array.from({ length: KEYS }, (_, index) => FEED_EVENTS - index);
  return Object.fromEntries(numbers.map((n) => [`k${n % KEYS}`, n]));
}
