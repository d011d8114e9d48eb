// Readers that don't read: the server's memory stays flat, and they lose nothing.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { start, type TestServer } from "./support.ts";

const MIB = 1024 * 1024;
/** More than the kernel takes for a socket that nobody reads from. */
const BODY = "x".repeat(15_000);
const COUNT = 2_400;

test.each(["websocket", "sse"] as const)(
  "%s: a reader that has stopped is only behind",
  { timeout: 60_000 },
  async (kind) => {
    await using server = await start();
    const link = await server[kind]("topic=room:a");
    const quick = await server.websocket("topic=room:b");
    await link.frame("synced");
    link.pause();
    const before = buffered();
    await flood(server, "room:a", (n) => ({ n, text: BODY }));
    // Others are served meanwhile.
    await server.say("room:b", ["hello"]);
    await quick.heard("room:b", 1);
    // Some 34 MiB were published; the kernel and 256 KiB of ours hold what they hold.
    await staysFlat(before);
    link.resume();
    const heard = await link.heard("room:a", COUNT);
    expect(heard.map(({ body }) => (body as { n: number }).n)).toEqual(numbers(COUNT));
    // And it is live again.
    await server.say("room:a", ["live"]);
    expect((await link.heard("room:a", COUNT + 1)).at(-1)!.body).toEqual({ text: "live" });
  },
);

test.each(["websocket", "sse"] as const)(
  "%s: a reader that lags in a feed gets the newest of each key, and knows what it missed",
  { timeout: 60_000 },
  async (kind) => {
    await using server = await start();
    const link = await server[kind]("topic=feed:load");
    await link.frame("synced");
    link.pause();
    const before = buffered();
    await flood(server, "feed:load", (n) => ({ key: `k${n % 7}`, n, text: BODY }));
    await staysFlat(before);
    link.resume();
    // The link itself fails where offsets don't join.
    await link.until(() => link.events.at(-1)?.offset === COUNT, "the newest event");
    expect(link.events.length).toBeLessThan(COUNT);
    expect(link.events.some(({ superseded }) => superseded > 0)).toBe(true);
    const newest = link.events.slice(-7).map(({ body }) => (body as { n: number }).n);
    expect(newest).toEqual(numbers(COUNT).slice(-7));
    await server.say("feed:load", [{ key: "live" }]);
    await link.until(() => link.events.at(-1)!.offset === COUNT + 1, "what comes next");
  },
);

test(
  "a reader that lags while keys are dropped is told, and gets all that are left",
  { timeout: 60_000 },
  async () => {
    await using server = await start();
    const link = await server.websocket("topic=feed:load");
    await link.frame("synced");
    link.pause();
    await flood(server, "feed:load", (n) => ({ key: `k${n}`, n, text: BODY }));
    link.resume();
    await link.until(() => link.events.at(-1)?.offset === COUNT, "the newest event");
    const { gap, after } = await link.frame("topic", (topic) => topic.gap !== undefined);
    expect(gap).toMatchObject({ to: COUNT - 1_000, reason: "trimmed" });
    expect(after).toBe(0);
    const heard = link.events.map(({ offset }) => offset);
    expect(heard.slice(0, gap!.from! - 1)).toEqual(numbers(gap!.from! - 1));
    expect(heard.slice(gap!.from! - 1)).toEqual(numbers(COUNT).slice(-1_000));
  },
);

test(
  "a client that pings without reading is not owed a pong for each",
  { timeout: 60_000 },
  async () => {
    await using server = await start();
    const link = await server.websocket("topic=room:a");
    await link.frame("synced");
    link.pause();
    await flood(server, "room:a", (n) => ({ n, text: BODY }));
    const before = buffered();
    const pings = Array.from({ length: 250 }, (_, id) => ({ kind: "ping", id }));
    const nonsense = Array.from({ length: 250 }, () => "nonsense");
    for (let round = 0; round < 400; round++) {
      link.send(...pings);
      link.send(...nonsense);
    }
    // What it publishes after that is kept: so all of that has been read.
    link.send({
      kind: "publish",
      producer: "producer-s",
      number: 1,
      topic: "room:b",
      body: "after all",
    });
    const other = await server.websocket("topic=room:b&since=beginning");
    await other.heard("room:b", 1);
    await staysFlat(before);
    link.resume();
    // The ack is not among what was left out.
    await link.frame("ack");
    expect((await link.heard("room:a", COUNT)).length).toBe(COUNT);
  },
);

test(
  "a client that publishes on without reading its acks is sent away",
  { timeout: 60_000 },
  async () => {
    await using server = await start();
    const link = await server.websocket("topic=room:a");
    await link.frame("synced");
    link.pause();
    await flood(server, "room:a", (n) => ({ n, text: BODY }));
    const publishing = numbers(6_000).map((number) => ({
      kind: "publish",
      producer: "producer-s",
      number,
      topic: "room:b",
      body: "x",
    }));
    while (publishing.length > 0) link.send(...publishing.splice(0, 250));
    const other = await server.websocket("topic=room:b&since=beginning");
    await other.heard("room:b", 4_097);
    link.resume();
    await link.end();
    expect(link.frames.filter(({ kind }) => kind === "ack").length).toBeLessThan(5_000);
  },
);

async function flood(server: TestServer, topic: string, body: (n: number) => object) {
  const producer = `producer-${topic.replace(":", "-")}`;
  for (let first = 1; first <= COUNT; first += 60) {
    const lines = numbers(Math.min(60, COUNT + 1 - first)).map((index) => {
      const number = first + index - 1;
      return JSON.stringify({ kind: "publish", producer, number, topic, body: body(number) });
    });
    const { status } = await server.post("/v1/publish", lines.join("\n"), {
      "content-type": "application/x-ndjson",
    });
    expect(status).toBe(200);
  }
}

// What isn't used any more is freed a little later.
async function staysFlat(before: number): Promise<void> {
  await expect.poll(() => buffered() - before, { timeout: 10_000 }).toBeLessThan(8 * MIB);
}

/** Bytes in buffers that are still in use, in the server and in the test. */
function buffered(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().arrayBuffers;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
