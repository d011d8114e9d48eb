// A disk without room: what can't be kept is refused and said, readers go on, and nothing is lost or repeated when there is room again.
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { request } from "undici";
import { parseServerFrames } from "../../src/protocol/parse.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, texts } from "../client/support/client.ts";
import { eventually } from "../client/support/wait.ts";
import { printed } from "../commands/output.ts";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { readDatabase } from "./support/database.ts";
import { type Disk, diskTest, openDisk } from "./support/disk.ts";

diskTest(
  "on a full disk publishes wait and readers go on; with room again each is kept once",
  { timeout: 90_000 },
  async () => {
    await using disk = await openDisk(2_048);
    const db = join(disk.path, "rooms.db");
    await using server = await startServer({ db, launcher: disk.launcher });
    const url = new URL(server.url);
    await using stack = new AsyncDisposableStack();
    const clients = await Promise.all(
      TRANSPORTS.map(async (transport) =>
        stack.use(
          await Client.live(url, transport, {
            topics: { "room:lobby": "beginning", "feed:market": "now" },
            pingInterval: 100,
          }),
        ),
      ),
    );
    const publish = (from: number, to: number) =>
      clients.map(async ({ session }, index) =>
        Promise.all(
          texts(`${index} `, to)
            .slice(from)
            .map((text) => session.publish("room:lobby", text)),
        ),
      );
    await Promise.all(publish(0, 50));
    await disk.fill();

    // More than the room that is left in what SQLite has written already.
    await using send = run(["send", server.url, "room:lobby", "--name", "bob"], {
      stdin: `${"x".repeat(8_000)}\nlast\n`,
    });
    const waiting = Promise.all(publish(50, 100));
    // A test that fails before has nothing more to say about them.
    waiting.catch(() => {});
    for (const { notices } of clients) {
      const complaint = await notices.first("being told", ({ kind }) => kind === "error");
      expect(complaint).toMatchObject({ code: "storage", message: FULL });
    }
    await eventually("what send waits for", () => send.stderr() !== "");
    expect(await say(server.url, "refused")).toEqual({
      status: 503,
      body: { kind: "nack", number: 1, code: "storage", message: FULL },
    });
    for (const { session } of clients) expect(session.status.unacked).toBeGreaterThan(0);

    // Links live on: prices and pongs come. A new reader gets what was kept, and history is there.
    for (const { notices, session } of clients) {
      const { length } = notices.items;
      const price = ({ kind, ...notice }: { kind: string; topic?: string }) =>
        kind === "event" && notice.topic === "feed:market";
      for (let more = 0; more < 3; more++) await notices.first("a price", price, length + more);
      expect(session.status.state).toBe("live");
    }
    const before = readRoom(disk);
    await using late = await Client.live(url, "sse");
    expect(await late.received(before.length)).toEqual(before);
    const history = await request(`${server.url}/v1/history?topic=room:lobby&limit=10`);
    expect(history.statusCode).toBe(200);
    expect(await history.body.text()).toContain(JSON.stringify(before.at(-1)));

    await disk.free();
    await waiting;
    const sent = await send.exited;
    expect(sent.code).toBe(0);
    expect(sent.stderr).toMatch(
      /^waiting to send: the store can't write: the disk is full[^\n]*\n$/,
    );
    expect(printed(sent.stdout, "ack").map(({ id }) => id)).toEqual([1, 2]);

    const all = readRoom(disk);
    expect(all).toHaveLength(402);
    for (const [index, client] of clients.entries()) {
      const own = all.filter((text) => text.startsWith(`${index} `));
      expect(own).toEqual(texts(`${index} `, 100));
      expect(await client.received(402)).toEqual(all);
      expect(client.reasons("lost")).toEqual([]);
    }
    // The operator was told as well, and not with each retry.
    const faults = server.stderr().match(/^.*the disk is full.*$/gm)!;
    expect(faults.length).toBeLessThan(5);
    expect(await server.stop()).toBe(0);
  },
);

diskTest(
  "what is acknowledged while the WAL can't be written into the database is kept",
  { timeout: 60_000 },
  async () => {
    await using disk = await openDisk(8_192);
    const db = join(disk.path, "rooms.db");
    const options = { db, args: ["--feed", "none"], launcher: disk.launcher };
    const kept: string[] = [];
    {
      await using server = await startServer(options);
      // SQLite writes the WAL into the database from 4 MiB on. Now there is room for that much more WAL, but not for both.
      while (sizeOf(disk, "rooms.db-wal") < 3.6 * 1_048_576)
        kept.push(...(await sayMany(server.url)));
      expect(sizeOf(disk, "rooms.db")).toBeLessThan(10_000);
      await disk.fill(1_024);
      for (let accepted = 1; accepted > 0;) {
        const more = await sayMany(server.url);
        kept.push(...more);
        accepted = more.length;
      }
      // It was begun, and took the last of the room.
      expect(sizeOf(disk, "rooms.db")).toBeGreaterThan(100_000);
      expect(readRoom(disk)).toEqual(kept);
      // Stopping writes the WAL back as well, which can't be done now.
      expect(await server.stop()).toBe(0);
    }
    await disk.free();
    await using server = await startServer(options);
    kept.push(...(await sayMany(server.url)));
    expect(readRoom(disk)).toEqual(kept);
    expect(await server.stop()).toBe(0);
    expect(sizeOf(disk, "rooms.db")).toBeGreaterThan(9_000 * kept.length);
  },
);

diskTest("a server that doesn't find room to start says so and leaves all as it is", async () => {
  await using disk = await openDisk(1_024);
  const db = join(disk.path, "rooms.db");
  const options = { db, args: ["--feed", "none"], launcher: disk.launcher };
  {
    await using server = await startServer(options);
    expect((await say(server.url, "kept")).status).toBe(200);
    // Killed, so that its WAL stays.
    await server.kill9();
  }
  for (const leftovers of [["rooms.db-shm"], ["rooms.db-shm", "rooms.db-wal"]]) {
    await disk.remove(leftovers);
    await disk.fill();
    const before = contents(disk);
    await using failed = run(["serve", "--port", "0", "--db", db], { launcher: disk.launcher });
    const { code, stdout, stderr } = await failed.exited;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^backchat: \S+rooms\.db can't be used as a database: the disk is full[^\n]*\n$/,
    );
    expect(contents(disk)).toEqual(before);
    await disk.free();
    await using server = await startServer(options);
    expect((await say(server.url, "more")).status).toBe(200);
    expect(await server.stop()).toBe(0);
  }
});

diskTest("a new database on a full disk is one line", async () => {
  await using disk = await openDisk(256);
  await disk.fill();
  const db = join(disk.path, "rooms.db");
  await using failed = run(["serve", "--port", "0", "--db", db], { launcher: disk.launcher });
  const { code, stdout, stderr } = await failed.exited;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^backchat: \S+rooms\.db can't be [^\n]*the disk is full[^\n]*\n$/);
});

const FULL = "the store can't write: the disk is full (database or disk is full)";

async function say(url: string, text: string) {
  const { statusCode, body } = await request(`${url}/v1/publish?topic=room:other`, {
    method: "POST",
    body: text.padEnd(9_000, "."),
  });
  return { status: statusCode, body: await body.json() };
}

let posts = 0;

/** @returns the texts that were acknowledged */
async function sayMany(url: string): Promise<string[]> {
  const producer = `producer-${++posts}`;
  const texts = Array.from({ length: 20 }, (_, n) => `${posts}.${n}`.padEnd(9_000, "."));
  const frames = texts.map((body, n) =>
    JSON.stringify({ kind: "publish", producer, number: n + 1, topic: "room:lobby", body }),
  );
  const { body } = await request(`${url}/v1/publish`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: frames.join("\n"),
  });
  const answers = parseServerFrames(await body.text());
  expect(answers).toHaveLength(texts.length);
  return texts.filter((_, n) => answers[n]!.kind === "ack");
}

function sizeOf({ outside }: Disk, name: string): number {
  return statSync(join(outside, name)).size;
}

// From a copy: SQLite doesn't find its way through /proc, and there is no room for its own files there. Nobody writes meanwhile.
function readRoom({ outside }: Disk): string[] {
  using copy = createSandbox();
  for (const name of ["rooms.db", "rooms.db-wal"]) {
    if (existsSync(join(outside, name))) cpSync(join(outside, name), join(copy.home, name));
  }
  const { rooms } = readDatabase(join(copy.home, "rooms.db"));
  return rooms.get("room:lobby")!.map(({ text }) => text);
}

/** What the files hold, but for what is only shared memory. */
function contents({ outside }: Disk): unknown {
  return readdirSync(outside)
    .filter((name) => !name.endsWith("-shm") && name !== "filler")
    .filter((name) => statSync(join(outside, name)).size > 0)
    .map((name) => [name, readFileSync(join(outside, name), "base64")]);
}
