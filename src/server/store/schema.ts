import type { DatabaseSync } from "node:sqlite";
import { randomEpoch } from "../epoch.ts";
import { reasonOf } from "./reason.ts";
import { StoreError } from "./store.ts";

/** Marks a SQLite file as ours: "bkch". */
const APPLICATION_ID = 0x626b6368;

/** Each step takes the database from version i to i + 1. Never change one that was released: add another. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    head INTEGER NOT NULL, floor INTEGER NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL
  );
  CREATE TABLE events (
    topic INTEGER NOT NULL, offset INTEGER NOT NULL, at INTEGER NOT NULL, sender TEXT NOT NULL, body TEXT NOT NULL,
    producer INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (topic, offset)
  ) WITHOUT ROWID;
  CREATE TABLE producers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL, refused TEXT NOT NULL, seen INTEGER NOT NULL
  );
  CREATE TABLE nicks (
    key TEXT PRIMARY KEY, nick TEXT NOT NULL, identity TEXT NOT NULL, until INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
];

/**
 * Bring a database to the newest version, making it if it is empty. Each step is done as a whole or not at all.
 * @throws StoreError `unusable` for a file of another program or a newer version (nothing is written then), and for a step that failed
 */
export function migrate(
  database: DatabaseSync,
  file: string,
  migrations: readonly string[] = MIGRATIONS,
): void {
  const version = checkKind(database, file, migrations.length);
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") {
    throw new StoreError(
      "unusable",
      `${file} can't be used as a database: its file system has no shared memory (journal_mode is ${String(mode)}): give another file with --db`,
    );
  }
  database.exec("PRAGMA synchronous = FULL");
  for (let next = version; next < migrations.length; next++) {
    try {
      database.exec("BEGIN IMMEDIATE");
      database.exec(migrations[next]!);
      if (next === 0) {
        database.prepare("INSERT INTO meta VALUES ('epoch', ?)").run(randomEpoch());
        database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      }
      database.exec(`PRAGMA user_version = ${next + 1}`);
      database.exec("COMMIT");
    } catch (cause) {
      if (database.isTransaction) database.exec("ROLLBACK");
      const what =
        next === 0
          ? `${file} can't be made a database`
          : `${file} can't be brought from database version ${next} to ${next + 1}, and is as it was`;
      throw new StoreError("unusable", `${what}: ${reasonOf(cause)}`, { cause });
    }
  }
}

/**
 * Whose database it is. Writes nothing.
 * @returns its version; 0: it is empty
 * @throws StoreError `unusable` if it isn't ours, or of a newer version than this one
 */
export function checkKind(database: DatabaseSync, file: string, newest: number): number {
  const applicationId = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.["n"];
  if (applicationId !== APPLICATION_ID && (tables !== 0 || version !== 0)) {
    throw new StoreError(
      "unusable",
      `${file} is a SQLite database of another program: give another file with --db`,
    );
  }
  if (version > newest) {
    throw new StoreError(
      "unusable",
      `${file} was written by a newer backchat (database version ${version}, this one knows ${newest}): update backchat or give another file with --db`,
    );
  }
  return version;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}
