import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { WriterOptions, WriterReply, WriterRequest } from "./messages.ts";
import { reasonOf } from "./reason.ts";
import {
  type Append,
  type LogState,
  type NickLease,
  type Outcome,
  type Store,
  StoreError,
  type StoredEvent,
} from "./store.ts";

type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;
type Done = Extract<WriterReply, { kind: "done" }>;

/** A page is cut here, however many events were asked for. */
const PAGE_BYTES = 256 * 1024;

/**
 * The durable store: one SQLite file in WAL mode. A thread of its own writes; reads happen here, on a read-only connection.
 * @param retain events kept in each log
 * @param patience how long to wait for a server that is letting go of the file, in ms @default 0
 * @throws StoreError `unusable`, `locked`
 */
export async function openSqlite(file: string, retain: number, patience = 0): Promise<Store> {
  const path = resolvePath(file);
  const writer = new WriterThread({ file: path, retain, patience });
  try {
    const { epoch } = await writer.started;
    return new SqliteStore(epoch, writer, new DatabaseSync(path, { readOnly: true }));
  } catch (error) {
    await writer.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError("unusable", `${file} can't be read: ${reasonOf(error)}`, { cause: error });
  }
}

// One name for one file, or two servers could lock it under two names.
function resolvePath(file: string): string {
  const folder = dirname(file);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
      throw new StoreError("unusable", `${file} is a folder: give a file with --db`);
    return existsSync(file) ? realpathSync(file) : join(realpathSync(folder), basename(file));
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError("unusable", `${folder} can't be used: ${(cause as Error).message}`, {
      cause,
    });
  }
}

class SqliteStore implements Store {
  readonly epoch: string;
  readonly #writer: WriterThread;
  readonly #database: DatabaseSync;
  readonly #sql: Record<"read" | "state" | "topics" | "nicks", StatementSync>;

  constructor(epoch: string, writer: WriterThread, database: DatabaseSync) {
    this.epoch = epoch;
    this.#writer = writer;
    this.#database = database;
    this.#sql = {
      read: database.prepare(
        "SELECT offset, at, sender, body FROM events WHERE topic = (SELECT id FROM topics WHERE name = ?) AND offset > ? ORDER BY offset LIMIT ?",
      ),
      state: database.prepare("SELECT head, floor, at, line FROM topics WHERE name = ?"),
      topics: database.prepare(
        "SELECT name, head, floor, at, line FROM topics ORDER BY at DESC LIMIT ?",
      ),
      nicks: database.prepare("SELECT key, nick, identity, until FROM nicks"),
    };
  }

  async append(batch: readonly Append[]): Promise<Outcome[]> {
    const { outcomes } = await this.#writer.request({ kind: "append", batch });
    return [...outcomes];
  }

  async read(topic: string, after: number, limit: number): Promise<StoredEvent[]> {
    return reading(topic, () => {
      const events: StoredEvent[] = [];
      let bytes = 0;
      for (const row of this.#sql.read.iterate(topic, after, limit)) {
        const event = {
          offset: Number(row["offset"]),
          at: Number(row["at"]),
          from: String(row["sender"]),
          body: String(row["body"]),
        };
        events.push(event);
        bytes += event.body.length;
        if (bytes > PAGE_BYTES) break;
      }
      return events;
    });
  }

  async state(topic: string): Promise<LogState> {
    return reading(topic, () => stateOf(this.#sql.state.get(topic)));
  }

  async topics(limit: number): Promise<(LogState & { topic: string })[]> {
    const rows = reading("the list of rooms", () => this.#sql.topics.all(limit));
    return rows.map((row) => ({ topic: String(row["name"]), ...stateOf(row) }));
  }

  async nicks(): Promise<NickLease[]> {
    return reading("the nicks", () => this.#sql.nicks.all()).map((row) => ({
      key: String(row["key"]),
      nick: String(row["nick"]),
      identity: String(row["identity"]),
      until: Number(row["until"]),
    }));
  }

  async saveNicks(leases: readonly NickLease[]): Promise<void> {
    await this.#writer.request({ kind: "nicks", leases });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
    await this.#writer.close();
  }
}

function reading<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new StoreError("unreadable", `${what} can't be read: ${reasonOf(cause)}`, { cause });
  }
}

function stateOf(row: Record<string, unknown> | undefined): LogState {
  if (!row) return { head: 0, floor: 0, line: "", at: 0 };
  return {
    head: Number(row["head"]),
    floor: Number(row["floor"]),
    at: Number(row["at"]),
    line: String(row["line"]),
  };
}

class WriterThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Done>>();
  readonly #exited = Promise.withResolvers<void>();
  readonly started: Promise<Done>;
  /** Why nothing more can be asked of it. */
  #ended: StoreError | undefined;
  #id = 0;

  constructor(options: WriterOptions) {
    // Beside this file, as .js when built and as .ts when run from source.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
    this.#worker = new Worker(new URL(`./writer${extension}`, import.meta.url), {
      workerData: options,
    });
    this.started = this.#wait(0);
    this.#worker.on("message", (reply: WriterReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.kind === "done") waiting?.resolve(reply);
      else waiting?.reject(new StoreError(reply.code, reply.message));
    });
    this.#worker.on("error", (cause) => {
      this.#end(
        new StoreError("unwritable", `the store's writer failed: ${String(cause)}`, { cause }),
      );
    });
    this.#worker.on("exit", () => {
      this.#end(new StoreError("unwritable", "the store's writer has ended"));
      this.#exited.resolve();
    });
  }

  request(message: Unnumbered<WriterRequest>): Promise<Done> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#id;
    const reply = this.#wait(id);
    this.#worker.postMessage({ ...message, id });
    return reply;
  }

  /** Commit what was asked for, and end. Never rejects: a writer that has failed has ended. */
  async close(): Promise<void> {
    await this.request({ kind: "close" }).catch(() => {});
    await this.#exited.promise;
  }

  #wait(id: number): Promise<Done> {
    const waiting = Promise.withResolvers<Done>();
    this.#waiting.set(id, waiting);
    return waiting.promise;
  }

  #end(error: StoreError): void {
    this.#ended ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
