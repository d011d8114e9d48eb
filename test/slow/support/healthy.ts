// Readers that keep up, many in one process: `healthy.ts URL READERS ROOM FEED COUNT`. They look at each message's first and last event
// alone: reading is to cost as little as it can. Prints `ready`, and one line of figures once each has had COUNT events of the room.
import { WebSocket } from "ws";
import { z } from "zod";

const frame = z.union([
  z.object({
    kind: z.string(),
    topic: z.string().optional(),
    n: z.number().optional(),
    base: z.number().optional(),
  }),
  z.tuple([z.number(), z.number(), z.number()]).rest(z.unknown()),
]);

const [url = "", readers = "", room = "", feed = "", count = ""] = process.argv.slice(2);
const delays: number[] = [];
const ready: Promise<void>[] = [];
const done: Promise<void>[] = [];
for (let reader = 0; reader < Number(readers); reader++) {
  const { synced, finished } = follow();
  ready.push(synced);
  done.push(finished);
}
await Promise.all(ready);
process.stdout.write("ready\n");
await Promise.all(done);
const sorted = delays.toSorted((a, b) => a - b);
const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? null;
process.stdout.write(
  `${JSON.stringify({ p50: at(0.5), p99: at(0.99), samples: sorted.length })}\n`,
);
process.exit(0);

function follow(): { synced: Promise<void>; finished: Promise<void> } {
  const synced = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  const bases = new Map<number, number>();
  const last = new Map<number, number>();
  let roomNumber = 0;
  const websocket = new WebSocket(
    `${url.replace("http", "ws")}/v1/websocket?topic=${room}&topic=${feed}`,
  );
  websocket.on("message", (data: Buffer) => {
    const first = frame.parse(JSON.parse(lineAt(data, 0)));
    if (!Array.isArray(first)) {
      if (first.kind === "synced") synced.resolve();
      if (first.kind !== "topic") return;
      bases.set(first.n!, first.base!);
      if (first.topic === room) roomNumber = first.n!;
      return;
    }
    const end = data.lastIndexOf(10) + 1;
    const newest = frame.parse(JSON.parse(lineAt(data, end)));
    if (!Array.isArray(newest)) throw new Error("a frame among events");
    const [n, offset] = first;
    const before = last.get(n);
    if (before !== undefined && n === roomNumber && offset !== before + 1)
      throw new Error(`${offset} after ${before}`);
    last.set(n, newest[1]);
    delays.push(Math.max(0, Date.now() - bases.get(n)! - newest[2]));
    if (n === roomNumber && newest[1] >= Number(count)) finished.resolve();
  });
  websocket.on("close", (code) => {
    throw new Error(`a healthy reader was closed (${code})`);
  });
  return { synced: synced.promise, finished: finished.promise };
}

function lineAt(data: Buffer, start: number): string {
  const end = data.indexOf(10, start);
  return data.toString("utf8", start, end < 0 ? undefined : end);
}
