// Acknowledged = kept exactly once, whenever the server is killed (socket.io#5419, socket.io#5334, mercure#586).
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Random } from "../../src/server/feeds/random.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { within } from "../client/support/wait.ts";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { readDatabase, type Row } from "./support/database.ts";
import { Follower, Producer, readText } from "./support/producer.ts";
import { moment, seeded } from "./support/seed.ts";

/** How often the server is killed; 50 by hand is the same test. */
const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 12);
/** In the first rounds sessions are left to come back by themselves; later they would wait for up to 20 s. */
const PATIENT_ROUNDS = 3;
const ROOMS = ["room:a", "room:b", "room:c"];
/** More than is published: what is compared is never trimmed. */
const RETAIN = ["--feed", "none", "--retain", "100000000"];

test(
  "killed at any moment under eight producers at full speed, the log holds what was acknowledged once, whole and in order",
  { timeout: ROUNDS * 20_000 + 60_000 },
  async () => {
    const random = seeded("KILL_SEED");
    using folder = createSandbox();
    const db = join(folder.home, "rooms.db");
    let server = await startServer({ db, args: RETAIN });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => server[Symbol.asyncDispose]());
    const { url: address, port } = server;
    const url = new URL(address);
    const producers = [...TRANSPORTS, ...TRANSPORTS].map((transport, index) =>
      stack.use(new Producer(`p${index + 1}`, url, transport, ROOMS)),
    );
    const followers = TRANSPORTS.map((transport) =>
      stack.use(new Follower(url, transport, [ROOMS[0]!])),
    );
    for (const producer of producers) producer.start();

    for (let round = 1; round <= ROUNDS; round++) {
      await everyoneIsAcked(producers, round <= PATIENT_ROUNDS ? 0 : round);
      await moment(random, 0, 400);
      await server.kill9();
      // What waits now is neither known to be kept nor to be lost: after the last round nobody asks any more.
      if (round === ROUNDS) await Promise.all(producers.map((producer) => producer.leave()));
      await server[Symbol.asyncDispose]();
      if (random() < 0.3) await killedAsItStarts(db, port, random);
      server = await startServer({ db, port, args: RETAIN });
    }

    // What readers get now, over each transport, is what the file holds, which SQLite itself reads.
    await using reader = new Follower(url, "websocket", ROOMS);
    const { rooms, heads, producers: known } = readDatabase(db);
    for (const room of ROOMS) {
      const rows = rooms.get(room)!;
      expect(heads.get(room)).toBe(rows.length);
      expect(rows.every(({ offset }, index) => offset === index + 1)).toBe(true);
      expect(await reader.received(room, rows.length)).toEqual(rows.map(({ text }) => text));
    }
    for (const follower of followers) {
      if (follower.client.session.status.state === "waiting") wake(follower);
      const rows = rooms.get(ROOMS[0]!)!;
      expect(await follower.received(ROOMS[0]!, rows.length)).toEqual(rows.map(({ text }) => text));
    }
    expect([reader, ...followers].flatMap(({ wrong }) => wrong)).toEqual([]);

    const all = [...rooms.values()].flat();
    expect(new Set(all.map(({ producer, number }) => `${producer}.${number}`)).size).toBe(
      all.length,
    );
    // Nobody was forgotten, and nobody began anew under another name.
    expect(known).toHaveLength(producers.length);
    for (const producer of producers) checkProducer(producer, rooms);

    const acked = producers.reduce((sum, { kept }) => sum + kept.length, 0);
    process.stderr.write(
      `${ROUNDS} kills: ${acked} acknowledged, ${all.length} in the log, ${all.length - acked} of them unacknowledged\n`,
    );
    expect(await server.stop()).toBe(0);
  },
);

/** Each producer has been heard by the server that runs now. From `round` 1 on those that wait for their next try are woken. */
async function everyoneIsAcked(producers: readonly Producer[], round: number): Promise<void> {
  const before = producers.map(({ acks }) => acks.items.length);
  if (round > 0) {
    for (const { client } of producers)
      if (client.session.status.state === "waiting") wake({ client });
  }
  await Promise.all(
    producers.map(({ name, acks }, index) =>
      acks.until(`an ack for ${name}`, () => acks.items.length > before[index]!, 60_000),
    ),
  );
}

/** As a person who doesn't want to wait for the next try, and takes another transport for it. */
function wake({ client }: { readonly client: Producer["client"] }): void {
  const { transport } = client.session.status;
  const next = TRANSPORTS[(TRANSPORTS.indexOf(transport) + 1) % TRANSPORTS.length]!;
  client.session.swap(next).catch(() => {});
}

async function killedAsItStarts(db: string, port: number, random: Random): Promise<void> {
  await using starting = run(["serve", "--port", String(port), "--db", db, ...RETAIN]);
  await moment(random, 50, 400);
  starting.kill("SIGKILL");
  await within(10_000, "the end of a killed server", starting.exited);
}

// Texts count from 1 without a hole. All that were acknowledged are there, where the ack said, and perhaps some that weren't.
function checkProducer(
  { name, kept, unknown }: Producer,
  rooms: ReadonlyMap<string, readonly Row[]>,
): void {
  const mine = [...rooms].flatMap(([room, rows]) =>
    rows.map((row) => ({ room, ...row, ...readText(row.text) })).filter((row) => row.name === name),
  );
  // In each room in order; and over all rooms by the numbers that the server gave the same texts.
  for (const room of rooms.keys()) {
    const order = mine.filter((row) => row.room === room).map(({ n }) => n);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  }
  const byNumber = mine.toSorted((a, b) => a.number - b.number);
  expect(byNumber.map(({ n, number }) => [n, number])).toEqual(
    byNumber.map((_, index) => [index + 1, index + 1]),
  );
  expect(kept.map(({ text }) => readText(text).n)).toEqual(kept.map((_, index) => index + 1));
  expect(kept.map(({ text, topic, offset }) => [text, topic, offset])).toEqual(
    byNumber.slice(0, kept.length).map(({ text, room, offset }) => [text, room, offset]),
  );
  const maybe = byNumber.slice(kept.length).map(({ text }) => text);
  expect(maybe).toEqual(unknown.slice(0, maybe.length));
}
