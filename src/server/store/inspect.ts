import { closeSync, openSync, readSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isDamage, isReadOnly, reasonOf } from "./reason.ts";
import { checkKind } from "./schema.ts";
import { StoreError } from "./store.ts";

/** Larger files aren't looked through at the start: it takes about 1 ms for each MB (decisions/006). */
const CHECKED_BYTES = 256 * 1024 * 1024;
/** A WAL's header (sqlite.org/fileformat2.html#walformat): so long, and it ends with a checksum of what comes before. */
const WAL_HEADER = 32;
const WAL_CHECKED = 24;
/** It begins with this, but for the last bit, which is the order of bytes in its checksums. */
const WAL_MAGIC = 0x377f0682;
const CHUNK = 64 * 1024;

/**
 * Look at what is there before anything is written: even closing a database would write its WAL into it.
 * @param version the newest one that is known
 * @throws StoreError `unusable`: another program's, of a newer version, damaged
 */
export function inspect(file: string, version: number): void {
  const wal = `${file}-wal`;
  const size = sizeOf(file);
  const committed = inspectWal(wal);
  if (size === 0) {
    if (!committed) return;
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

/**
 * SQLite takes a WAL that begins with anything but a header for an empty one, and what was acknowledged would be gone without a word.
 * @returns whether something may have been committed to it
 */
function inspectWal(path: string): boolean {
  if (sizeOf(path) <= WAL_HEADER) return false;
  const descriptor = openSync(path, "r");
  try {
    const header = Buffer.alloc(WAL_HEADER);
    readSync(descriptor, header, 0, WAL_HEADER, 0);
    if (isHeader(header)) return true;
    // The header is on the disk before what is committed first: without one there was nothing yet.
    if (isZeros(descriptor)) return false;
  } finally {
    closeSync(descriptor);
  }
  throw damaged(path, "it doesn't begin as a WAL does");
}

function isHeader(header: Buffer): boolean {
  if ((header.readUInt32BE(0) & ~1) !== WAL_MAGIC) return false;
  const bigEndian = (header.readUInt32BE(0) & 1) === 1;
  const word = (at: number) => (bigEndian ? header.readUInt32BE(at) : header.readUInt32LE(at));
  let [first, second] = [0, 0];
  for (let at = 0; at < WAL_CHECKED; at += 8) {
    first = (first + word(at) + second) >>> 0;
    second = (second + word(at + 4) + first) >>> 0;
  }
  return (
    first === header.readUInt32BE(WAL_CHECKED) && second === header.readUInt32BE(WAL_CHECKED + 4)
  );
}

function isZeros(descriptor: number): boolean {
  const chunk = Buffer.alloc(CHUNK);
  for (let at = 0; ;) {
    const read = readSync(descriptor, chunk, 0, CHUNK, at);
    if (read === 0) return true;
    if (chunk.subarray(0, read).some((byte) => byte !== 0)) return false;
    at += read;
  }
}

function damaged(path: string, detail: string, cause?: unknown): StoreError {
  const line = detail.replaceAll(/\s*\n\s*/g, " ");
  const advice = "put a copy back, or give another file with --db";
  return new StoreError("unusable", `${path} is damaged: ${advice} (${line})`, { cause });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
