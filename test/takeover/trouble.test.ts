import { once } from "node:events";
import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { eventually, within } from "../client/support/wait.ts";
import { CTRL_C, Household, kill9, live, measured, say, sees } from "./support.ts";

test("nobody can host, because the database is no database: the UI says so once, and hosts as soon as it is one", async () => {
  await using house = await Household.make();
  const alice = house.open("alice");
  await live(alice);
  const bob = house.open("bob");
  await live(bob);
  // Wide enough for what is said to stand on one line.
  bob.resize(200, 30);
  await say(bob, "before");

  process.kill(bob.pid, "SIGSTOP");
  await kill9(alice);
  const files = ["", "-wal"].map((suffix) => house.database + suffix);
  for (const file of files) renameSync(file, `${file}.kept`);
  rmSync(`${house.database}-shm`, { force: true });
  writeFileSync(house.database, "this is no database ".repeat(300));
  process.kill(bob.pid, "SIGCONT");
  await sees(bob, /no server, and none can be hosted: .*backchat\.db can't be/);
  bob.write("typed meanwhile\r");
  await sees(bob, /reconnecting|connecting/);
  // It goes on trying, twice in this time at least, and says no more about it: neither here nor in the log.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(house.logged("could not take over")).toHaveLength(1);
  expect(
    bob
      .screen()
      .join("\n")
      .match(/none can be hosted/g),
  ).toHaveLength(1);

  for (const file of files) copyFileSync(`${file}.kept`, file);
  const start = performance.now();
  await sees(bob, /typed meanwhile +✓/);
  measured("with its database back, the terminal hosts and the message is kept", start);
  await sees(bob, /this terminal hosts now/);
  expect(await house.texts(2)).toEqual(["before", "typed meanwhile"]);
}, 60_000);

test("another program has taken the port: the UI says so, and hosts when it has gone", async () => {
  await using house = await Household.make();
  const alice = house.open("alice");
  await live(alice);
  const bob = house.open("bob");
  await live(bob);
  // Wide enough for what is said to stand on one line.
  bob.resize(200, 30);
  await say(bob, "before");

  process.kill(bob.pid, "SIGSTOP");
  await kill9(alice);
  const other = createServer((_, response) => response.end("welcome to my home page"));
  other.listen(house.port, "127.0.0.1");
  await once(other, "listening");
  process.kill(bob.pid, "SIGCONT");
  await sees(bob, /none can be hosted: another program answers on 127\.0\.0\.1/);
  expect(house.hosts([bob])).toEqual([]);
  bob.write("typed meanwhile\r");
  await sees(bob, /something else answered|expected an answer/);

  const closed = once(other, "close");
  other.close();
  other.closeAllConnections();
  await closed;
  await sees(bob, /typed meanwhile +✓/);
  expect(house.hosts([bob])).toEqual([bob]);
  expect(await house.texts(2)).toEqual(["before", "typed meanwhile"]);
}, 60_000);

test("rooms in memory alone go with their host: the others say what is gone, and go on in a new log", async () => {
  await using house = await Household.make();
  const [alice, bob, carol] = ["alice", "bob", "carol"].map((name) =>
    house.open(name, ["--memory"]),
  );
  for (const terminal of [alice!, bob!, carol!]) await live(terminal);
  const host = house.hosts([alice!, bob!, carol!])[0]!;
  const others = [alice!, bob!, carol!].filter((terminal) => terminal !== host);
  await say(others[0]!, "before");
  await sees(others[1]!, /before/);
  await kill9(host);
  for (const terminal of others) await sees(terminal, /gap: log lost after message 1/);
  await say(others[1]!, "after");
  await sees(others[0]!, /after/);
  expect(await house.texts(1)).toEqual(["after"]);
});

const SEED = Number(process.env["TAKEOVER_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env["TAKEOVER_ROUNDS"] ?? 2);

test(`terminals quit while they take over, at ${ROUNDS} moments of seed ${SEED}: the last one hosts, nothing acknowledged is lost`, async () => {
  const random = randomOf(SEED);
  process.stdout.write(`TAKEOVER_SEED=${SEED}\n`);
  for (let round = 0; round < ROUNDS; round++) {
    await using house = await Household.make();
    const alice = house.open("alice");
    await live(alice);
    const bob = house.open("bob");
    const carol = house.open("carol");
    await live(bob);
    await live(carol);
    await say(bob, "before");
    carol.write("in the outbox\r");
    // How the host goes, and when the next one does: before, while and after it takes over.
    if (random() < 0.5) process.kill(alice.pid, "SIGKILL");
    else alice.write(CTRL_C + CTRL_C);
    const ms = Math.floor(random() * 250);
    await new Promise((resolve) => setTimeout(resolve, ms));
    bob.write(CTRL_C + CTRL_C);
    const { code, signal } = await within(
      10_000,
      `the end of the one that quits after ${ms} ms`,
      bob.exited,
    );
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(bob.alternateScreen()).toBe(false);
    await sees(carol, /in the outbox +✓/);
    await say(carol, "after");
    await eventually("the last one hosts", () => house.hosts([carol]).length === 1);
    expect(house.lockHolders()).toEqual(new Set([carol.pid]));
    expect(await house.texts(3)).toEqual(["before", "in the outbox", "after"]);
  }
}, 120_000);

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
