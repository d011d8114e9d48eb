// Databases of all versions from the first on are brought to this one, each step as a whole or not at all.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { migrate, MIGRATIONS } from "../../src/server/store/schema.ts";
import { openSqlite } from "../../src/server/store/sqlite.ts";
import { eventually } from "../client/support/wait.ts";
import { type Folder, temporary } from "../server/folder.ts";
import { append } from "../server/stores.ts";
import { bearer, start } from "../server/support.ts";
import { atExit } from "../support/sandbox.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");
const VERSIONS = MIGRATIONS.map((_, index) => index + 1);
const ALICE = "9f8e7d6c5b4a3921";

test("there is a database of each version to test with", () => {
  expect(readdirSync(FIXTURES).toSorted()).toEqual(VERSIONS.map((n) => `version-${n}.sql`));
});

test.each(VERSIONS)(
  "a database of version %i is opened with all that is in it",
  async (version) => {
    await using folder = await make(version);
    await expectAll(folder.file);
    using database = new DatabaseSync(folder.file);
    expect(versionOf(database)).toBe(MIGRATIONS.length);
  },
);

test.each(VERSIONS)("steps that come later find version %i as it was", async (version) => {
  await using folder = await make(version);
  using database = new DatabaseSync(folder.file);
  const before = dump(database);
  migrate(database, folder.file, [
    ...MIGRATIONS,
    "ALTER TABLE events ADD COLUMN kind TEXT NOT NULL DEFAULT 'plain'",
    "CREATE INDEX by_kind ON events (kind)",
  ]);
  expect(versionOf(database)).toBe(MIGRATIONS.length + 2);
  database.exec("DROP INDEX by_kind; ALTER TABLE events DROP COLUMN kind");
  expect(dump(database)).toEqual(before);
});

test("a step that fails half-way has done nothing, and is said in one line", async () => {
  await using folder = await make(MIGRATIONS.length);
  using database = new DatabaseSync(folder.file);
  const before = dump(database);
  const next = MIGRATIONS.length + 1;
  const steps = [
    ...MIGRATIONS,
    "DELETE FROM events; CREATE TABLE next (n); INSERT INTO nowhere VALUES (1)",
  ];
  expect(() => migrate(database, folder.file, steps)).toThrow(
    expect.objectContaining({
      name: "StoreError",
      code: "unusable",
      message: `${folder.file} can't be brought from database version ${next - 1} to ${next}, and is as it was: no such table: nowhere`,
    }),
  );
  expect(dump(database)).toEqual(before);
  expect(versionOf(database)).toBe(MIGRATIONS.length);
  database.close();
  await expectAll(folder.file);
});

test("a file system on which readers can't share memory with the writer is refused in one line", async () => {
  await using folder = await temporary();
  // This way of reaching files has none.
  using database = new DatabaseSync(`file:${folder.file}?vfs=unix-dotfile`);
  expect(() => migrate(database, folder.file)).toThrow(
    expect.objectContaining({
      name: "StoreError",
      code: "unusable",
      message: `${folder.file} can't be used as a database: its file system has no shared memory (journal_mode is delete): give another file with --db`,
    }),
  );
  expect(statSync(folder.file).size).toBe(0);
});

test("of two steps, the one that succeeded stays", async () => {
  await using folder = await make(MIGRATIONS.length);
  using database = new DatabaseSync(folder.file);
  const steps = [...MIGRATIONS, "CREATE TABLE next (n)", "INSERT INTO nowhere VALUES (1)"];
  expect(() => migrate(database, folder.file, steps)).toThrow(/is as it was: no such table/);
  expect(versionOf(database)).toBe(MIGRATIONS.length + 1);
  migrate(database, folder.file, [...steps.slice(0, -1), "DROP TABLE next"]);
  expect(versionOf(database)).toBe(MIGRATIONS.length + 2);
});

test("a step that is killed half-way has done nothing", async () => {
  await using folder = await make(MIGRATIONS.length);
  const script = join(import.meta.dirname, "support/slow-migration.ts");
  const migration = spawn(process.execPath, [script, folder.file], { stdio: "inherit" });
  const forget = atExit(() => migration.kill("SIGKILL"));
  const exited = once(migration, "exit");
  try {
    const wal = () => statSync(`${folder.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    await eventually("the step being on the disk in part", () => wal() > 4_000_000);
  } finally {
    migration.kill("SIGKILL");
    await exited;
    forget();
  }
  expect(migration.signalCode).toBe("SIGKILL");
  await expectAll(folder.file);
  using database = new DatabaseSync(folder.file);
  expect(versionOf(database)).toBe(MIGRATIONS.length);
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
});

test("a new database that was being made when its server was killed is made anew", async () => {
  await using folder = await temporary();
  {
    using database = new DatabaseSync(folder.file);
    database.exec("PRAGMA journal_mode = WAL");
  }
  await using store = await openSqlite(folder.file, 10);
  expect(await store.append([append("p", 1)])).toMatchObject([{ kind: "appended", offset: 1 }]);
});

/** A file of this version. */
async function make(version: number): Promise<Folder> {
  const folder = await temporary();
  using database = new DatabaseSync(folder.file);
  database.exec(readFileSync(join(FIXTURES, `version-${version}.sql`), "utf8"));
  return folder;
}

// Epoch, events, floor, topic lines, producers' numbers, refusals and nicks, as a server gives them out.
async function expectAll(database: string): Promise<void> {
  await using server = await start({ database });
  const link = await server.websocket("cursor=room:lobby@k3f9a.41&topic=room:dev&since=beginning");
  const { cursor } = await link.frame("synced");
  expect(cursor).toBe("room:lobby@k3f9a.43,room:dev@k3f9a.1");
  expect(await link.heard("room:lobby", 2)).toMatchObject([
    { offset: 42, at: 1_763_840_001_500, from: "bob", body: { text: "waves", me: true } },
    { offset: 43, at: 1_763_840_003_000, from: "alice", body: { line: "release on Friday" } },
  ]);
  expect(await link.heard("room:dev", 1)).toMatchObject([{ body: { text: `👩‍💻 it's a "test"` } }]);
  const poll = await server.get("/v1/polling?cursor=room:lobby@k3f9a.3");
  expect(poll.text).toContain('"gap":{"from":4,"to":40,"reason":"trimmed"}');
  expect((await server.get("/v1/rooms")).text).toContain('"line":"release on Friday","head":43');

  const retry = (number: number, topic = "room:lobby") =>
    server.post(`/v1/publish?topic=${topic}&producer=${ALICE}&number=${number}`, "again");
  expect((await retry(1)).frames).toMatchObject([{ kind: "ack", epoch: "k3f9a", offset: 41 }]);
  expect((await retry(2)).frames).toMatchObject([{ kind: "nack", code: "read-only" }]);
  expect((await retry(3, "room:dev")).frames).toMatchObject([{ kind: "ack", offset: 1 }]);
  expect((await retry(4)).frames).toMatchObject([{ kind: "ack", offset: 43 }]);
  expect((await retry(6)).frames).toMatchObject([{ kind: "nack", code: "out-of-order" }]);
  const claim = (secret: string) => server.post("/v1/nick?nick=alice", "", bearer(secret));
  expect((await claim("secret-of-bob")).status).toBe(409);
  expect((await claim("secret-of-alice")).status).toBe(200);
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** All rows of all tables. */
function dump(database: DatabaseSync): unknown {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.map(({ name }) => [name, database.prepare(`SELECT * FROM ${String(name)}`).all()]);
}
