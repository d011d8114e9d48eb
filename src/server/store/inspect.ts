import { closeSync, openSync, readSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isDamage, isReadOnly, reasonOf } from "./reason.ts";
import { checkKind } from "./schema.ts";
import { StoreError } from "./store.ts";

/** Larger files aren't looked through at the start: it takes about a second for so many bytes (decisions/006). */
const CHECKED_BYTES = 256 * 1024 * 1024;
/** The first bytes of a WAL, but for the last bit, which is the order of bytes in its checksums (sqlite.org/fileformat2.html#walformat). */
const WAL_MAGIC = 0x377f0682;

/**
 * Look at what is there before anything is written: even closing a database would write its WAL into it.
 * @param version the newest one that is known
 * @throws StoreError `unusable`: another program's, of a newer version, damaged
 */
export function inspect(file: string, version: number): void {
  const wal = `${file}-wal`;
  const size = sizeOf(file);
  if (sizeOf(wal) > 0) inspectWal(wal);
  if (size === 0) {
    if (sizeOf(wal) === 0) return;
    // SQLite would delete it.
    const advice = `put ${file} back, or move its WAL away`;
    throw new StoreError("unusable", `${wal} belongs to a database that is gone: ${advice}`);
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 });
    checkKind(database, file, version);
    if (size > CHECKED_BYTES) return;
    const [found] = database.prepare("PRAGMA quick_check(1)").all();
    const verdict = String(found?.["quick_check"]);
    if (verdict !== "ok") throw damaged(file, verdict);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    // It was being made when its server was killed: only who may write can undo that.
    if (isReadOnly(error)) return;
    if (isDamage(error)) throw damaged(file, reasonOf(error), error);
    throw new StoreError("unusable", `${file} can't be used as a database: ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    database?.close();
  }
}

// SQLite takes a WAL that begins with something else for an empty one, and what was acknowledged would be gone without a word.
function inspectWal(path: string): void {
  const bytes = Buffer.alloc(4);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, bytes, 0, 4, 0);
  } finally {
    closeSync(descriptor);
  }
  const magic = bytes.readUInt32BE();
  if ((magic & ~1) !== WAL_MAGIC) throw damaged(path, "it doesn't begin as a WAL does");
}

function damaged(path: string, detail: string, cause?: unknown): StoreError {
  const line = detail.replaceAll(/\s*\n\s*/g, " ");
  const advice = "put a copy back, or give another file with --db";
  return new StoreError("unusable", `${path} is damaged: ${advice} (${line})`, { cause });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
