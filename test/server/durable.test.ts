import { copyFile, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openSqlite } from "../../src/server/store/sqlite.ts";
import { temporary } from "./folder.ts";
import { start, texts } from "./support.ts";
import { append } from "./stores.ts";

test("a restart keeps rooms, positions, producers' numbers and refusals", async () => {
  await using folder = await temporary();
  let cursor: string;
  let refused: unknown;
  {
    await using server = await start({ database: folder.file });
    await server.say("room:a", [...texts(10), { line: "the line" }], "producer-k");
    [refused] = await server.say("feed:market", ["no"], "producer-r");
    const link = await server.websocket("topic=room:a&since=beginning");
    ({ cursor } = await link.frame("synced"));
  }
  await using server = await start({ database: folder.file });
  // All of it is a retry, but for the last.
  const acks = await server.say(
    "room:a",
    [...texts(10), { line: "the line" }, "new"],
    "producer-k",
  );
  expect(acks.map((ack) => ack.kind === "ack" && ack.offset)).toEqual(
    Array.from({ length: 12 }, (_, index) => index + 1),
  );
  expect(await server.say("room:a", ["x"], "producer-r")).toEqual([refused]);
  const link = await server.sse(`cursor=${cursor}`);
  await link.frame("synced");
  expect(link.events).toMatchObject([{ offset: 12, body: { text: "new" } }]);
  expect((await link.frame("topic")).gap).toBeUndefined();
  expect((await server.get("/v1/rooms")).text).toContain('"line":"the line","head":12');
});

test("feeds begin anew after a restart, and say so", async () => {
  await using folder = await temporary();
  let cursor: string;
  {
    await using server = await start({ database: folder.file });
    await server.say("feed:x", [{ key: "k", n: 1 }]);
    ({ cursor } = await (await server.websocket("topic=feed:x")).frame("synced"));
  }
  await using server = await start({ database: folder.file });
  await server.say("feed:x", [{ key: "k", n: 2 }]);
  const link = await server.websocket(`cursor=${cursor}`);
  expect((await link.frame("topic")).gap).toEqual({ from: 2, to: null, reason: "epoch" });
  expect((await link.heard("feed:x", 1))[0]!.body).toMatchObject({ n: 2 });
});

test("whatever was acknowledged is in the file at that moment", async () => {
  await using folder = await temporary();
  await using server = await start({ database: folder.file });
  await server.say("room:a", texts(300), "producer-c");
  // The file as a crash would leave it now: nothing was closed.
  const crashed = join(folder.path, "crashed.db");
  await copyFile(folder.file, crashed);
  await copyFile(`${folder.file}-wal`, `${crashed}-wal`);
  await using next = await start({ database: crashed });
  const link = await next.websocket("topic=room:a&since=beginning");
  await link.frame("synced");
  expect(link.events).toHaveLength(300);
  const [retry] = await next.say("room:a", ["text 1"], "producer-c");
  expect(retry).toMatchObject({ kind: "ack", offset: 1 });
});

test("joining a room that was just loaded, at full speed, brings each event once", async () => {
  await using folder = await temporary();
  {
    await using server = await start({ database: folder.file });
    await server.say("room:a", texts(100));
  }
  for (let round = 0; round < 5; round++) {
    await using server = await start({ database: folder.file });
    const publishing = Promise.all(
      Array.from({ length: 6 }, () => server.say("room:a", texts(300))),
    );
    // The links fail where events don't join.
    const count = 100 + (round + 1) * 1_800;
    const links = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        server[n % 2 === 0 ? "websocket" : "sse"]("topic=room:a&since=beginning"),
      ),
    );
    for (const link of links) await link.heard("room:a", count);
    await publishing;
    for (const link of links) expect(link.events).toHaveLength(count);
  }
});

test("two servers never share a file, by whatever name", async () => {
  await using folder = await temporary();
  await using server = await start({ database: folder.file });
  const locked = { name: "StoreError", code: "locked", message: /in use by another/ };
  const expected = { ...locked, message: expect.stringMatching(locked.message) as string };
  await expect(start({ database: folder.file })).rejects.toMatchObject(expected);
  const other = join(folder.path, "link.db");
  await symlink(folder.file, other);
  await expect(start({ database: other })).rejects.toMatchObject(expected);
  await server.stop();
  await using next = await start({ database: other });
  expect((await next.get("/healthz")).status).toBe(200);
});

test.each([
  ["another program's database", foreign, /database of another program/],
  ["a database of a newer version", newer, /written by a newer backchat/],
  ["no database at all", garbage, /can't be used as a database/],
])("%s is refused in one line and left as it is", async (_what, make, message) => {
  await using folder = await temporary();
  await make(folder.file);
  const before = await readFile(folder.file);
  const refusal = start({ database: folder.file });
  await expect(refusal).rejects.toMatchObject({ name: "StoreError", code: "unusable" });
  await expect(refusal).rejects.toThrow(message);
  await expect(refusal).rejects.not.toThrow(/\n/);
  expect(await readFile(folder.file)).toEqual(before);
});

test("a folder where the file should be, and a file where the folder should be", async () => {
  await using folder = await temporary();
  await expect(start({ database: folder.path })).rejects.toMatchObject({ code: "unusable" });
  await writeFile(folder.file, "");
  const below = join(folder.file, "rooms.db");
  await expect(start({ database: below })).rejects.toMatchObject({ code: "unusable" });
});

test("an empty file is a new database", async () => {
  await using folder = await temporary();
  await writeFile(folder.file, "");
  await using server = await start({ database: folder.file });
  expect(await server.say("room:a", ["x"])).toMatchObject([{ kind: "ack" }]);
});

test("a store that has been closed refuses at once what is asked of it", async () => {
  await using folder = await temporary();
  const store = await openSqlite(folder.file, 10);
  const appended = store.append([append("p", 1)]);
  await store[Symbol.asyncDispose]();
  // What was on its way is kept.
  expect(await appended).toMatchObject([{ kind: "appended", offset: 1 }]);
  await expect(store.append([append("p", 2)])).rejects.toMatchObject({ code: "unwritable" });
  await expect(store[Symbol.asyncDispose]()).resolves.toBeUndefined();
});

test("leases that can't all be written down are not written down at all", async () => {
  await using folder = await temporary();
  await using store = await openSqlite(folder.file, 10);
  using other = new DatabaseSync(folder.file);
  other.exec(
    "CREATE TRIGGER bad BEFORE INSERT ON nicks WHEN new.key = 'bad' BEGIN SELECT RAISE(FAIL, 'no'); END",
  );
  const leases = ["alice", "bad"].map((key) => ({ key, nick: key, identity: "x", until: 1 }));
  await expect(store.saveNicks(leases)).rejects.toMatchObject({
    code: "unwritable",
    message: "the store can't write: no",
  });
  expect(await store.nicks()).toEqual([]);
  expect(await store.append([append("p", 1)])).toMatchObject([{ kind: "appended" }]);
  await store.saveNicks(leases.slice(0, 1));
  expect(await store.nicks()).toMatchObject([{ key: "alice" }]);
});

test("a disk that can't be written to is a nack that may be tried again", async () => {
  await using folder = await temporary();
  await using server = await start({ database: folder.file });
  const [kept] = await server.say("room:a", ["one"], "producer-d");
  expect(kept).toMatchObject({ kind: "ack" });
  // Another program holds the write lock for longer than the server waits for it.
  const other = new DatabaseSync(folder.file);
  other.exec("BEGIN IMMEDIATE");
  const answer = await server.post("/v1/publish?topic=room:a&producer=producer-d&number=2", "two");
  expect(answer.status).toBe(503);
  expect(answer.frames).toMatchObject([{ kind: "nack", number: 2, code: "storage" }]);
  // Whoever runs the server hears of it as well.
  expect(server.faults.splice(0)).toHaveLength(1);
  other.exec("ROLLBACK");
  other.close();
  const again = await server.post("/v1/publish?topic=room:a&producer=producer-d&number=2", "two");
  expect(again.frames).toMatchObject([{ kind: "ack", number: 2, offset: 2 }]);
});

async function foreign(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');");
  database.close();
}

async function newer(file: string): Promise<void> {
  await using store = await openSqlite(file, 10);
  await store.append([append("p", 1)]);
  await store[Symbol.asyncDispose]();
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 99");
  database.close();
}

async function garbage(file: string): Promise<void> {
  await writeFile(file, "This is a letter to my aunt.\n".repeat(100));
}
