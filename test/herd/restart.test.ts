// django-eventstream#174: all clients reconnect at once after a restart.
import { join } from "node:path";
import { request } from "undici";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "../client/support/client.ts";
import { type Folder, temporary } from "../server/folder.ts";
import { type ServerProcess, startServer } from "../support/process.ts";
import { bins, Herd, histogram, type Member } from "./herd.ts";

/** Sessions; `HERD=5000` for more. */
const SIZE = Math.ceil(Number(process.env["HERD"] ?? 1_000) / 100) * 100;
const ROOMS = SIZE / 50;
/** The issue's own bound. */
const BACK_MS = 30_000;
/** What PROTOCOL.md says of `drain`. */
const WINDOW_MS = Math.min(20_000, Math.max(2_000, (SIZE / 200) * 1_000));
/** The first backoff's jitter, which is added to the slot. */
const JITTER_MS = 500;

let folder: Folder;
let server: ServerProcess;
let herd: Herd;
/** Somebody who watches who is in the first room. */
let watcher: Client;

beforeEach(async () => {
  folder = await temporary();
  server = await startServer({ db: join(folder.path, "herd.db"), args: ["--feed", "none"] });
  herd = new Herd(new URL(server.url), {
    size: SIZE,
    rooms: ROOMS,
    transports: ["websocket", "sse", "long-polling", "polling", "auto"],
  });
  watcher = await Client.live(new URL(server.url), "websocket", { topics: { "who:r0": "now" } });
  herd.start();
  await herd.allLive(60_000);
  await watcher.received(SIZE / ROOMS, "who:r0");
  // Settled: each stream is there, and each long poll is being held.
  await vi.waitUntil(async () => (await linksOf(server.url)) >= SIZE * 0.8, { timeout: 30_000 });
}, 70_000);

afterEach(async () => {
  await watcher.close();
  await herd[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
}, 60_000);

async function linksOf(url: string): Promise<number> {
  const { body } = await request(`${url}/healthz`);
  return ((await body.json()) as { links: number }).links;
}

async function again(): Promise<void> {
  server = await startServer({
    db: join(folder.path, "herd.db"),
    port: server.port,
    args: ["--feed", "none"],
  });
}

/** Each says something while the server is away. Settles when all of it is acknowledged. */
function sayAll(word: string): Promise<unknown> {
  const kept = Promise.all(
    herd.members.map(({ client, room, name }) => client.session.publish(room, `${word} ${name}`)),
  );
  // Whatever else fails first is told.
  kept.catch(() => {});
  return kept;
}

/** All that was said in a member's room has come to it: each once, in one order for all. */
async function expectNothingLost(words: readonly string[]): Promise<void> {
  const rooms = Map.groupBy(herd.members, ({ room }) => room);
  for (const [room, members] of rooms) {
    const said = words.flatMap((word) => members.map(({ name }) => `${word} ${name}`));
    const [first, ...rest] = await Promise.all(
      members.map(({ client }) => client.received(said.length, room)),
    );
    expect(first!.toSorted()).toEqual(said.toSorted());
    for (const other of rest) expect(other).toEqual(first);
  }
  const gaps = herd.members.map(({ client }) => client.session.stats.gaps);
  expect(Math.max(...gaps)).toBe(0);
}

/** All are seen again under their nicks; nobody was ever seen to leave; and `auto` is still on the best transport. */
async function expectAllThere(): Promise<void> {
  const room = herd.members.filter((member) => member.room === "room:r0");
  const nicks = room.map(({ name }) => name).toSorted();
  await watcher.received(2 * room.length, "who:r0");
  const seen = watcher.events("who:r0").map(({ body }) => body as { nick: string; here: boolean });
  expect(seen.filter(({ here }) => !here)).toEqual([]);
  for (const half of [seen.slice(0, room.length), seen.slice(room.length)])
    expect(half.map(({ nick }) => nick).toSorted()).toEqual(nicks);
  for (const { client, name, transport } of herd.members) {
    const best = transport === "auto" ? "websocket" : transport;
    expect(client.session.status).toMatchObject({ state: "live", nick: name, transport: best });
  }
}

/** Timers count from when their turn of the event loop began: where a thousand sessions share one, a turn is long. In ms. */
const TIMER_MS = 50;

function expectFloorsHonoured(members: readonly Member[]): void {
  for (const { name, opened, floors } of members) {
    for (const { at, after } of floors) {
      const early = opened.filter((moment) => moment > at && moment < at + after - TIMER_MS);
      expect(early, `${name} was told to stay away for ${after} ms`).toEqual([]);
    }
  }
}

function since<Moment extends number>(start: number, moments: readonly Moment[]): number[] {
  return moments.filter((moment) => moment > start).map((moment) => moment - start);
}

test(`stopped in order: ${SIZE} sessions come back in the slots they were dealt, and nothing is lost`, async () => {
  const start = performance.now();
  await server.stop();
  const kept = sayAll("drained");
  await again();
  await herd.allLive(BACK_MS);
  const drained = herd.members.filter(({ floors }) => floors.length > 0);
  const slots = drained.map(({ floors }) => floors[0]!.after);
  const backs = herd.members.map(({ live }) => since(start, live)[0]!);
  process.stdout.write(histogram("slots", slots));
  process.stdout.write(
    histogram(
      "tries",
      herd.members.flatMap(({ opened }) => since(start, opened)),
    ),
  );
  process.stdout.write(histogram("live again", backs));

  // All but those that were between two polls have a slot.
  expect(drained.length).toBeGreaterThanOrEqual(SIZE * 0.75);
  expect(Math.max(...slots)).toBeLessThanOrEqual(WINDOW_MS);
  // Dealt in turn: each tenth of the window has a tenth of them, whatever is left to chance.
  const share = slots.length / 10;
  const tenths = bins(slots, (WINDOW_MS + 1) / 10);
  expect(tenths).toHaveLength(10);
  expect(Math.max(...tenths)).toBeLessThanOrEqual(share * 1.2 + 3);
  expect(Math.min(...tenths)).toBeGreaterThanOrEqual(share * 0.8 - 3);
  expectFloorsHonoured(herd.members);

  await kept;
  await expectNothingLost(["drained"]);
  await expectAllThere();
}, 90_000);

test(`killed: ${SIZE} sessions come back with full jitter, and nothing is lost`, async () => {
  const start = performance.now();
  await server.kill9();
  const kept = sayAll("killed");
  await again();
  await herd.allLive(BACK_MS);
  // Who had to try twice at the beginning waits longer now.
  const steady = herd.members.filter(({ opened }) => opened[0]! < start && !(opened[1]! < start));
  const waits = steady.map(({ client }) => {
    const lost = client.notices.items.findIndex((n) => n.kind === "link" && n.state === "lost");
    const wait = client.notices.items
      .slice(lost)
      .find((notice) => notice.kind === "link" && notice.state === "waiting");
    return (wait as { ms: number }).ms;
  });
  process.stdout.write(histogram("first waits", waits));
  process.stdout.write(
    histogram(
      "tries",
      herd.members.flatMap(({ opened }) => since(start, opened)),
    ),
  );
  process.stdout.write(
    histogram(
      "live again",
      herd.members.map(({ live }) => since(start, live)[0]!),
    ),
  );
  // Full jitter: anywhere from nothing to the whole. 8 standard deviations wide.
  const share = waits.length / 5;
  const parts = bins(waits, (JITTER_MS + 1) / 5);
  expect(parts).toHaveLength(5);
  for (const part of parts) expect(Math.abs(part - share)).toBeLessThan(8 * Math.sqrt(share));
  await kept;
  await expectNothingLost(["killed"]);
  await expectAllThere();
}, 90_000);
