// What isn't a whole database of ours is refused in one line and left as it is; damage found later concerns its room alone.
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openSqlite } from "../../src/server/store/sqlite.ts";
import { temporary } from "../server/folder.ts";
import { append } from "../server/stores.ts";
import { cursorOf, errorOf, start, texts } from "../server/support.ts";
import { run } from "../support/process.ts";
import { overwrite, scribble, scribblePageOf } from "./support/damage.ts";

/** What becomes of a database that a server left behind in good order, or, where `crashed`, killed. */
const DAMAGE: Readonly<
  Record<string, { crashed?: true; make: (file: string) => void; line: RegExp }>
> = {
  "cut in half": {
    make: (file) => truncateSync(file, 60_000),
    line: /^\S+rooms\.db is damaged: put a copy back, or give another file with --db \(it is damaged \(.*malformed\)\)$/,
  },
  "cut to a few bytes": {
    make: (file) => truncateSync(file, 50),
    line: /^\S+rooms\.db is damaged: put a copy back, or give another file with --db \(.*\)$/,
  },
  "with noise in its middle": {
    make: (file) => scribble(file, 10 * 4_096, 4_096),
    line: /^\S+rooms\.db is damaged: put a copy back, or give another file with --db \(.*\)$/,
  },
  "with noise at its beginning": {
    make: (file) => scribble(file, 0, 4_096),
    line: /^\S+rooms\.db can't be used as a database: it is no database \(.*\)$/,
  },
  "with noise as its WAL": {
    crashed: true,
    make: (file) => scribble(`${file}-wal`, 0, Infinity),
    line: /^\S+rooms\.db-wal is damaged: put a copy back, .* \(it doesn't begin as a WAL does\)$/,
  },
  "with zeros where its WAL begins": {
    crashed: true,
    make: (file) => overwrite(`${file}-wal`, 0, Buffer.alloc(32)),
    line: /^\S+rooms\.db-wal is damaged: put a copy back, .* \(it doesn't begin as a WAL does\)$/,
  },
  "gone, but not its WAL": {
    crashed: true,
    make: (file) => rmSync(file),
    line: /^\S+rooms\.db-wal belongs to a database that is gone: put \S+rooms\.db back, or move its WAL away$/,
  },
  "of a newer version, killed": {
    crashed: true,
    make: (file) => leaveOpen(file, "PRAGMA user_version = 2"),
    line: /^\S+rooms\.db was written by a newer backchat \(database version 2, this one knows 1\): update backchat .*$/,
  },
  "of another program, killed": {
    crashed: true,
    make: (file) => leaveOpen(file, "PRAGMA application_id = 1"),
    line: /^\S+rooms\.db is a SQLite database of another program: give another file with --db$/,
  },
  "whose lock is something else": {
    make: (file) => writeFileSync(`${file}-lock`, "do not delete\n".repeat(100)),
    line: /^\S+rooms\.db-lock is not backchat's: move it away$/,
  },
};

test.each(Object.entries(DAMAGE))(
  "a database %s is refused in one line and left as it is",
  async (_what, { crashed, make, line }) => {
    await using folder = await temporary();
    await fill(folder.file, crashed === true);
    make(folder.file);
    const before = contents(folder.path);
    await using server = run(["serve", "--port", "0", "--db", folder.file]);
    const { code, stdout, stderr } = await server.exited;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^backchat: [^\n]*\n$/);
    expect(stderr.slice("backchat: ".length, -1)).toMatch(line);
    expect(contents(folder.path)).toEqual(before);
  },
);

// SQLite takes such a WAL for an empty one, and deletes it.
test("one wrong bit anywhere in the header of a WAL is noticed, and costs nothing of what is in it", async () => {
  await using folder = await temporary();
  await fill(folder.file, true);
  const wal = `${folder.file}-wal`;
  const header = readFileSync(wal).subarray(0, 32);
  for (const [at, byte] of header.entries()) {
    overwrite(wal, at, Buffer.of(byte ^ (1 << (at % 8))));
    const before = contents(folder.path);
    await expect(openSqlite(folder.file, 10_000), `byte ${at}`).rejects.toMatchObject({
      code: "unusable",
      message: `${wal} is damaged: put a copy back, or give another file with --db (it doesn't begin as a WAL does)`,
    });
    expect(contents(folder.path), `byte ${at}`).toEqual(before);
    overwrite(wal, at, Buffer.of(byte));
  }
  await expectAll(folder.file);
});

/** What looks like damage and is none. */
const HARMLESS: Readonly<Record<string, { crashed?: true; make: (file: string) => void }>> = {
  "an empty WAL": { make: (file) => writeFileSync(`${file}-wal`, "") },
  // The power went while it was begun: its header is on the disk before anything is committed to it.
  ...Object.fromEntries(
    [4, 32, 4_096, 300_000].map((size) => [
      `a WAL of ${size} zeros`,
      { make: (file) => writeFileSync(`${file}-wal`, Buffer.alloc(size)) },
    ]),
  ),
  "2 bytes of a WAL": { make: (file) => writeFileSync(`${file}-wal`, Buffer.of(0x37, 0x7f)) },
  "noise in what was shared memory": {
    crashed: true,
    make: (file) => scribble(`${file}-shm`, 0, Infinity),
  },
  "no shared memory": { crashed: true, make: (file) => rmSync(`${file}-shm`, { force: true }) },
  "an event half written when the power went": {
    crashed: true,
    make: (file) =>
      writeFileSync(
        `${file}-wal`,
        Buffer.concat([readFileSync(`${file}-wal`), Buffer.alloc(3_000, 7)]),
      ),
  },
  "no lock file": { make: (file) => rmSync(`${file}-lock`) },
};

test.each(Object.entries(HARMLESS))(
  "a database with %s has lost nothing",
  async (_what, { crashed, make }) => {
    await using folder = await temporary();
    await fill(folder.file, crashed === true);
    make(folder.file);
    await expectAll(folder.file);
  },
);

test("a WAL in which nothing was committed, of a database that is gone, keeps no new one from being made", async () => {
  await using folder = await temporary();
  for (const wal of [Buffer.alloc(4_096), Buffer.alloc(3)]) {
    writeFileSync(`${folder.file}-wal`, wal);
    {
      await using store = await openSqlite(folder.file, 10);
      expect(await store.append([append("p", 1)])).toEqual([
        { kind: "appended", offset: 1, floor: 0 },
      ]);
    }
    rmSync(folder.file);
  }
});

test("damage that is found later concerns those who read or write there; the others go on", async () => {
  await using folder = await temporary();
  await fill(folder.file, false);
  await using server = await start({ database: folder.file });
  // Nobody has looked at these pages yet: one in the middle of a room, and one that another room's next event would go to.
  scribblePageOf(folder.file, textOf("room:b", COUNT / 2));
  scribblePageOf(folder.file, textOf("room:c", COUNT));

  const others = await server.websocket("topic=room:a&topic=room:b&since=0");
  await others.frame("synced");
  const reason = "room:b can't be read: it is damaged (database disk image is malformed)";
  const poll = await server.get("/v1/polling?topic=room:b&since=beginning");
  expect([poll.status, errorOf(poll)]).toMatchObject([500, { code: "internal", message: reason }]);
  const sse = await server.sse("topic=room:b&since=beginning");
  expect(await sse.frame("error")).toMatchObject({ code: "internal", message: reason });
  const websocket = await server.websocket("topic=room:b&since=beginning");
  expect(await websocket.frame("error")).toMatchObject({ code: "internal", message: reason });
  const history = await server.get(`/v1/history?topic=room:b&before=${COUNT}`);
  expect([history.status, errorOf(history)]).toMatchObject([500, { message: reason }]);

  // What comes before it in the same answer isn't lost over it.
  const both = await server.get("/v1/polling?topic=room:a&topic=room:b&since=beginning");
  expect(both.frames.filter(({ kind }) => kind === "event")).toHaveLength(COUNT);
  const next = await server.get(`/v1/polling?cursor=${cursorOf(both)}`);
  expect([next.status, errorOf(next)]).toMatchObject([500, { message: reason }]);

  // What is committed together with what can't be written is kept all the same.
  const [a, b, c] = await Promise.all(ROOMS.map((room) => server.say(room, texts(20))));
  expect(new Set([...a!, ...b!].map(({ kind }) => kind))).toEqual(new Set(["ack"]));
  const refused = "the store can't write: it is damaged (database disk image is malformed)";
  expect(c![0]).toMatchObject({ kind: "nack", code: "storage", message: refused });
  for (const room of ["room:a", "room:b"]) {
    const heard = await others.heard(room, 20);
    expect(heard.map(({ body }) => (body as { text: string }).text)).toEqual(texts(20));
  }
  expect(server.faults.splice(0).length).toBeGreaterThan(0);
  expect((await server.get("/healthz")).status).toBe(200);
});

const ROOMS = ["room:a", "room:b", "room:c"];
const COUNT = 400;

function textOf(room: string, n: number): string {
  return `${room} ${n}.`.padEnd(300, "+");
}

async function fill(file: string, crashed: boolean): Promise<void> {
  {
    await using store = await openSqlite(file, 10_000);
    for (const topic of ROOMS) {
      const events = Array.from({ length: COUNT }, (_, n) =>
        append(`p-${topic}`, n + 1, { topic, body: JSON.stringify(textOf(topic, n + 1)) }),
      );
      await store.append(events);
    }
    if (crashed) snapshot(file);
  }
  if (crashed) restore(file);
}

async function expectAll(file: string): Promise<void> {
  await using store = await openSqlite(file, 10_000);
  for (const room of ROOMS) {
    expect((await store.read(room, 0, 1_000)).map(({ offset }) => offset)).toEqual(
      Array.from({ length: COUNT }, (_, index) => index + 1),
    );
  }
  expect(await store.append([append("p-room:a", COUNT)])).toEqual([
    { kind: "duplicate", offset: COUNT },
  ]);
}

// The files as a crash leaves them: nothing was closed.
function snapshot(file: string): void {
  for (const end of ["", "-wal", "-shm"]) copyFileSync(`${file}${end}`, `${file}.crashed${end}`);
}

function restore(file: string): void {
  for (const end of ["", "-wal", "-shm"]) {
    copyFileSync(`${file}.crashed${end}`, `${file}${end}`);
    rmSync(`${file}.crashed${end}`);
  }
}

// As a newer server, or another program, that was killed: what it wrote last is in the WAL.
function leaveOpen(file: string, sql: string): void {
  {
    using database = new DatabaseSync(file);
    database.exec(`${sql}; CREATE TABLE new (x); INSERT INTO new VALUES (1)`);
    snapshot(file);
  }
  restore(file);
}

/** Every byte of every file, but for what is only shared memory, and empty files. */
function contents(folder: string): unknown {
  return readdirSync(folder)
    .filter((name) => !name.endsWith("-shm"))
    .map((name) => [name, readFileSync(join(folder, name), "base64")])
    .filter(([, content]) => content !== "");
}
