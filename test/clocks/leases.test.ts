// Who holds which nick, whatever happens to the wall clock (nchan#469).
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { request } from "undici";
import { afterEach, expect, test, vi } from "vitest";
import { Nicks } from "../../src/server/nicks.ts";
import { MemoryStore } from "../../src/server/store/memory.ts";
import { startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { createWallClock, DAY, HOUR } from "./support.ts";

const NOW = 1_763_840_000_000;
const ALICE = "secret of alice";
const EVE = "secret of eve";

afterEach(() => {
  vi.useRealTimers();
});

const taken = (nicks: Nicks, who: string) => {
  try {
    nicks.claim("alice", who);
    return false;
  } catch {
    return true;
  }
};

test.each([
  ["an hour back", -HOUR],
  ["a day forward", DAY],
  ["to 1970", -NOW],
  ["ten years forward", 3_650 * DAY],
])("a clock that is set %s gives nobody another's nick", async (_, by) => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: NOW });
  const nicks = await load();
  nicks.claim("alice", ALICE);
  vi.setSystemTime(NOW + by);
  expect(taken(nicks, EVE)).toBe(true);
  expect(taken(nicks, ALICE)).toBe(false);
  // It still ends, a day of real time after its last use.
  vi.advanceTimersByTime(DAY - 1);
  expect(taken(nicks, EVE)).toBe(true);
  vi.advanceTimersByTime(2);
  expect(taken(nicks, EVE)).toBe(false);
});

test("a nick stays its holder's for as long as it is in use, however long that is", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: NOW });
  const nicks = await load();
  nicks.claim("alice", ALICE);
  for (let hour = 0; hour < 60; hour++) {
    vi.advanceTimersByTime(HOUR);
    nicks.renew("alice");
  }
  expect(taken(nicks, EVE)).toBe(true);
  vi.advanceTimersByTime(DAY + 1);
  expect(taken(nicks, EVE)).toBe(false);
});

test.each([
  ["an hour back", -HOUR, DAY],
  ["to 1970", -NOW, DAY],
  ["a day and an hour forward", DAY + HOUR, HOUR],
  ["by an hour that the server was down", HOUR, DAY - HOUR],
])(
  "a server that starts with its clock set %s keeps nicks, and not for ever",
  async (_, by, left) => {
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: NOW });
    const store = new MemoryStore(10);
    {
      await using before = await load(store);
      before.claim("alice", ALICE);
    }
    vi.setSystemTime(NOW + by);
    const nicks = await load(store);
    expect(taken(nicks, EVE)).toBe(true);
    vi.advanceTimersByTime(left - 1);
    expect(taken(nicks, EVE)).toBe(true);
    vi.advanceTimersByTime(2);
    expect(taken(nicks, EVE)).toBe(false);
  },
);

test("a server that starts ten days in the future has forgotten no nick that was in use", async () => {
  using folder = createSandbox();
  using clock = createWallClock();
  const db = join(folder.home, "rooms.db");
  const options = { db, env: clock.env, args: ["--feed", "none"] };
  const claim = async (url: string, nick: string, who: string) => {
    const headers = { authorization: `Bearer ${who.padEnd(32, "0")}` };
    const answer = await request(`${url}/v1/nick?nick=${nick}`, { method: "POST", headers });
    await answer.body.dump();
    return answer.statusCode;
  };
  clock.set(-10 * DAY);
  {
    await using server = await startServer(options);
    expect(await claim(server.url, "old", "a11ce")).toBe(200);
    expect(await server.stop()).toBe(0);
  }
  clock.set(0);
  {
    await using server = await startServer(options);
    expect(await claim(server.url, "alice", "a11ce")).toBe(200);
    expect(await server.stop()).toBe(0);
  }
  clock.set(10 * DAY);
  await using server = await startServer(options);
  expect(await claim(server.url, "alice", "e4e")).toBe(409);
  expect(await claim(server.url, "alice", "a11ce")).toBe(200);
  // Its lease had run out a week before that of the other.
  expect(await claim(server.url, "old", "e4e")).toBe(200);
});

test("a server that starts ten years in the future forgets no producer: a retry appends nothing", async () => {
  using folder = createSandbox();
  using clock = createWallClock();
  const db = join(folder.home, "rooms.db");
  const publish = async (by: number, number: number) => {
    clock.set(by);
    await using server = await startServer({ db, env: clock.env, args: ["--feed", "none"] });
    const query = `topic=room:a&producer=producer-a&number=${number}`;
    const { body } = await request(`${server.url}/v1/publish?${query}`, {
      method: "POST",
      body: `text ${number}`,
    });
    const answer = await body.json();
    expect(await server.stop()).toBe(0);
    using database = new DatabaseSync(db, { readOnly: true });
    const [producer] = database.prepare("SELECT seen FROM producers").all();
    return { answer, seen: Number(producer!["seen"]) };
  };
  expect((await publish(0, 1)).answer).toMatchObject({ kind: "ack", offset: 1 });
  const future = await publish(3_650 * DAY, 2);
  expect(future.answer).toMatchObject({ kind: "ack", offset: 2 });
  expect(future.seen).toBeGreaterThan(Date.now() + 3_000 * DAY);
  expect((await publish(3_650 * DAY, 2)).answer).toMatchObject({ kind: "ack", offset: 2 });
  // Back in the present, who was seen last still was.
  const present = await publish(0, 3);
  expect(present.answer).toMatchObject({ kind: "ack", offset: 3 });
  expect(present.seen).toBeGreaterThan(future.seen);
  expect((await publish(-NOW, 1)).answer).toMatchObject({ kind: "ack", offset: 1 });
});

function load(store = new MemoryStore(10)): Promise<Nicks> {
  return Nicks.load(store, (error) => {
    throw error;
  });
}
