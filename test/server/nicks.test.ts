import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Nicks } from "../../src/server/nicks.ts";
import { openSqlite } from "../../src/server/store/sqlite.ts";
import { temporary } from "./folder.ts";
import { append } from "./stores.ts";
import { bearer, errorOf, start, type TestServer } from "./support.ts";

const claim = (server: TestServer, nick: string, who: string, alone = "") =>
  server.post(`/v1/nick?nick=${encodeURIComponent(nick)}${alone}`, "", bearer(who));

test("a nick belongs to the identity that leased it; others get a free one suggested", async () => {
  await using server = await start();
  expect(JSON.parse((await claim(server, "alice", "one")).text)).toEqual({ nick: "alice" });
  expect((await claim(server, "alice", "one")).status).toBe(200);
  await claim(server, "alice2", "three");
  const answer = await claim(server, "alice", "two");
  expect(answer.status).toBe(409);
  expect(errorOf(answer)).toMatchObject({ code: "nick-taken", suggestion: "alice3" });
  expect((await claim(server, "alice3", "two")).status).toBe(200);
});

test("spelled in another case or compatibility form it is the same nick", async () => {
  await using server = await start();
  await claim(server, "Straße", "one");
  for (const nick of ["STRASSE", "strasse", "ｓｔｒａｓｓｅ"]) {
    expect((await claim(server, nick, "two")).status, nick).toBe(409);
    expect((await claim(server, nick, "one")).status, nick).toBe(200);
  }
});

test("a suggestion is never longer than a nick may be", async () => {
  await using server = await start();
  const nick = "😀".repeat(32);
  await claim(server, nick, "one");
  expect(errorOf(await claim(server, nick, "two")).suggestion).toBe(`${"😀".repeat(31)}2`);
});

test("who has no identity may use what nobody holds, and holds nothing", async () => {
  await using server = await start();
  expect((await server.post("/v1/nick?nick=bob")).status).toBe(200);
  expect((await claim(server, "bob", "one")).status).toBe(200);
  expect((await server.post("/v1/nick?nick=bob")).status).toBe(409);
  const { status } = await server.post("/v1/publish?topic=room:a&nick=bob", "not bob");
  expect(status).toBe(409);
});

test("a taken nick refuses a link, on WebSocket before the upgrade", async () => {
  await using server = await start();
  await claim(server, "alice", "one");
  await expect(server.websocket("topic=room:a&nick=alice", bearer("two"))).rejects.toThrow(
    /^status 409: .*"nick-taken".*"suggestion":"alice2"/,
  );
  await expect(server.sse("topic=room:a&nick=alice", bearer("two"))).rejects.toThrow(/^status 409/);
  expect((await server.get("/v1/polling?topic=room:a&nick=alice")).status).toBe(409);
  const own = await server.websocket("topic=room:a&nick=alice", bearer("one"));
  expect((await own.frame("welcome")).nick).toBe("alice");
});

test("alone: not even another session of one's own may be using it", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a&nick=alice&link=s.1", bearer("one"));
  await link.frame("synced");
  const answer = await claim(server, "ALICE", "one", "&alone=1");
  expect(answer.status).toBe(409);
  expect(errorOf(answer).suggestion).toBe("ALICE2");
  await server.post("/v1/bye?link=s.1");
  expect((await claim(server, "alice", "one", "&alone=1")).status).toBe(200);
});

test("alone: of two who ask at the same time, one gets it", async () => {
  await using server = await start();
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => claim(server, "alice", "one", "&alone=1")),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    200, 409, 409, 409,
  ]);
});

test("a lease outlives the server, as a hash of its secret", async () => {
  await using folder = await temporary();
  {
    await using server = await start({ database: folder.file });
    await claim(server, "alice", "one");
  }
  const kept = await readFile(folder.file, "latin1");
  expect(kept).toContain("alice");
  expect(kept).not.toContain(bearer("one")["authorization"]!.slice("Bearer ".length));
  await using server = await start({ database: folder.file });
  expect((await claim(server, "alice", "two")).status).toBe(409);
  expect((await claim(server, "alice", "one")).status).toBe(200);
});

test("many names and one prefix: a suggestion is found in a moment", async () => {
  await using server = await start();
  await Promise.all(
    Array.from({ length: 60 }, (_, n) => claim(server, n === 0 ? "bo" : `bo${n + 1}`, "one")),
  );
  const { suggestion } = errorOf(await claim(server, "bo", "two"));
  expect((await claim(server, suggestion!, "two")).status).toBe(200);
});

test("publishes don't wait until thousands of leases are written down", async () => {
  await using folder = await temporary();
  await using store = await openSqlite(folder.file, 10);
  const faults: unknown[] = [];
  await using nicks = await Nicks.load(store, (error) => faults.push(error));
  for (let n = 0; n < 5_000; n++) nicks.claim(`nick${n}`, "one");
  await Promise.resolve();
  expect(await store.append([append("p", 1)])).toMatchObject([{ kind: "appended" }]);
  expect((await store.nicks()).length).toBeLessThan(2_500);
  // They all are when the server stops.
  await nicks[Symbol.asyncDispose]();
  expect(await store.nicks()).toHaveLength(5_000);
  expect(faults).toEqual([]);
});

test("a lease that could not be written down is written when its nick is next used; it is said once", async () => {
  await using folder = await temporary();
  await using store = await openSqlite(folder.file, 10);
  const faults: unknown[] = [];
  await using nicks = await Nicks.load(store, (error) => faults.push(error));
  const keys = ["alice", "bob", "carol"];
  // Another program holds the write lock for longer than the server waits for it.
  using other = new DatabaseSync(folder.file);
  other.exec("BEGIN IMMEDIATE");
  for (const key of keys) nicks.claim(key, "one");
  await nicks[Symbol.asyncDispose]();
  for (const key of keys) nicks.renew(key);
  await nicks[Symbol.asyncDispose]();
  expect(faults).toMatchObject([{ code: "unwritable" }]);
  expect(await store.nicks()).toEqual([]);
  other.exec("ROLLBACK");
  for (const key of keys) nicks.renew(key);
  await nicks[Symbol.asyncDispose]();
  expect((await store.nicks()).map(({ key }) => key)).toEqual(keys);
  // Its store works again: the next fault is a new one.
  other.exec("BEGIN IMMEDIATE");
  nicks.claim("dave", "one");
  await nicks[Symbol.asyncDispose]();
  expect(faults).toHaveLength(2);
});
