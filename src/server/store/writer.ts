// The thread that writes: commits wait for the disk here, not on the event loop (decisions/001).
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { WriterOptions, WriterReply, WriterRequest } from "./messages.ts";
import { lock, text } from "./lock.ts";
import { advance, answerAgain, judge, type ProducerState } from "./numbers.ts";
import { migrate } from "./schema.ts";
import { type Append, type NickLease, type Outcome, StoreError } from "./store.ts";

/** Producers and topics kept at hand; beyond it they are read again when needed. */
const CACHE = 10_000;
/** Producers that haven't published for so long are forgotten at the start. */
const PRODUCER_MS = 30 * 24 * 3600 * 1000;

interface CachedProducer extends ProducerState {
  readonly id: number;
}

interface CachedTopic {
  readonly id: number;
  head: number;
  floor: number;
  at: number;
  line: string;
}

class Writer {
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #retain: number;
  readonly #producers = new Map<string, CachedProducer>();
  readonly #topics = new Map<string, CachedTopic>();
  readonly #sql: Record<
    | "insertEvent"
    | "findEvent"
    | "trim"
    | "insertTopic"
    | "topic"
    | "saveTopic"
    | "insertProducer"
    | "producer"
    | "saveProducer"
    | "saveNick",
    StatementSync
  >;
  readonly epoch: string;

  constructor({ file, retain }: WriterOptions) {
    this.#retain = retain;
    this.#lock = lock(file);
    let database: DatabaseSync | undefined;
    try {
      this.#database = database = new DatabaseSync(file, { timeout: 2_000 });
      migrate(this.#database, file);
      const sql = (text: string) => this.#database.prepare(text);
      this.#sql = {
        insertEvent: sql("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"),
        findEvent: sql(
          "SELECT offset FROM events WHERE topic = (SELECT id FROM topics WHERE name = ?) AND producer = ? AND number = ? ORDER BY offset DESC LIMIT 1",
        ),
        trim: sql("DELETE FROM events WHERE topic = ? AND offset <= ?"),
        insertTopic: sql(
          "INSERT INTO topics (name, head, floor, at, line) VALUES (?, 0, 0, 0, '') RETURNING id",
        ),
        topic: sql("SELECT id, head, floor, at, line FROM topics WHERE name = ?"),
        saveTopic: sql("UPDATE topics SET head = ?, floor = ?, at = ?, line = ? WHERE id = ?"),
        insertProducer: sql(
          "INSERT INTO producers (name, last, refused, seen) VALUES (?, 0, '[]', 0) RETURNING id",
        ),
        producer: sql("SELECT id, last, refused FROM producers WHERE name = ?"),
        saveProducer: sql("UPDATE producers SET last = ?, refused = ?, seen = ? WHERE id = ?"),
        saveNick: sql("INSERT OR REPLACE INTO nicks VALUES (?, ?, ?, ?)"),
      };
      this.epoch = String(
        this.#database.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()?.["value"],
      );
      this.#forget();
    } catch (error) {
      database?.close();
      this.#lock.close();
      if (error instanceof StoreError) throw error;
      throw new StoreError("unusable", `${file} can't be used as a database: ${text(error)}`, {
        cause: error,
      });
    }
  }

  append(batch: readonly Append[]): Outcome[] {
    const topics = new Set<CachedTopic>();
    const producers = new Set<CachedProducer>();
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const outcomes = batch.map((item) => this.#appendOne(item, topics, producers));
      for (const { head, floor, at, line, id } of topics)
        this.#sql.saveTopic.run(head, floor, at, line, id);
      const seen = Date.now();
      for (const { last, refused, id } of producers) {
        this.#sql.saveProducer.run(last, JSON.stringify(refused), seen, id);
      }
      this.#database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      // What the caches hold now was never committed.
      this.#producers.clear();
      this.#topics.clear();
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw new StoreError("unwritable", `the store can't write: ${text(error)}`, { cause: error });
    }
  }

  saveNick({ key, nick, identity, until }: NickLease): void {
    this.#sql.saveNick.run(key, nick, identity, until);
  }

  close(): void {
    this.#database.close();
    this.#lock.close();
  }

  #appendOne(item: Append, topics: Set<CachedTopic>, producers: Set<CachedProducer>): Outcome {
    const producer = this.#producer(item.producer);
    const verdict = judge(producer, item.number);
    if (verdict.kind === "refused") return verdict;
    if (verdict.kind === "seen") {
      const { topic, number } = item;
      return answerAgain(item, topic === null ? null : this.#find(topic, producer, number));
    }
    advance(producer, item.number, item.refusal);
    producers.add(producer);
    if (item.refusal) return { kind: "refused", refusal: item.refusal };
    if (item.topic === null) return { kind: "appended", offset: null, floor: 0 };
    const topic = this.#topic(item.topic);
    topics.add(topic);
    topic.head += 1;
    topic.at = item.at;
    if (item.line !== undefined) topic.line = item.line;
    this.#sql.insertEvent.run(
      topic.id,
      topic.head,
      item.at,
      item.from,
      item.body,
      producer.id,
      item.number,
    );
    // Trims a tenth of the limit at once: a delete for each append would double the writes.
    if (topic.head - topic.floor > this.#retain * 1.1) {
      topic.floor = topic.head - this.#retain;
      this.#sql.trim.run(topic.id, topic.floor);
    }
    return { kind: "appended", offset: topic.head, floor: topic.floor };
  }

  #forget(): void {
    const time = Date.now();
    this.#database.prepare("DELETE FROM producers WHERE seen < ?").run(time - PRODUCER_MS);
    this.#database.prepare("DELETE FROM nicks WHERE until < ?").run(time);
  }

  // Only retries come here, so it reads the topic's events instead of keeping an index that each append would pay for.
  #find(name: string, producer: CachedProducer, number: number): number | null {
    const offset = this.#sql.findEvent.get(name, producer.id, number)?.["offset"];
    return typeof offset === "number" ? offset : null;
  }

  #topic(name: string): CachedTopic {
    return cached(this.#topics, name, () => {
      const row = this.#sql.topic.get(name);
      if (!row)
        return {
          id: Number(this.#sql.insertTopic.get(name)?.["id"]),
          head: 0,
          floor: 0,
          at: 0,
          line: "",
        };
      return {
        id: Number(row["id"]),
        head: Number(row["head"]),
        floor: Number(row["floor"]),
        at: Number(row["at"]),
        line: String(row["line"]),
      };
    });
  }

  #producer(name: string): CachedProducer {
    return cached(this.#producers, name, () => {
      const row = this.#sql.producer.get(name);
      if (!row)
        return { id: Number(this.#sql.insertProducer.get(name)?.["id"]), last: 0, refused: [] };
      const refused = JSON.parse(String(row["refused"])) as ProducerState["refused"];
      return { id: Number(row["id"]), last: Number(row["last"]), refused };
    });
  }
}

// Least recently used goes first. It is far larger than a batch, so what a transaction has touched is still there at its end.
function cached<Value>(cache: Map<string, Value>, name: string, load: () => Value): Value {
  const value = cache.get(name) ?? load();
  cache.delete(name);
  cache.set(name, value);
  if (cache.size > CACHE) cache.delete(cache.keys().next().value!);
  return value;
}

function serve(port: NonNullable<typeof parentPort>, options: WriterOptions): void {
  const reply = (message: WriterReply) => port.postMessage(message);
  const fail = (id: number, error: unknown) => {
    const { code, message } =
      error instanceof StoreError
        ? error
        : new StoreError("unwritable", `the store failed: ${text(error)}`);
    reply({ id, kind: "failed", code, message });
  };
  let writer: Writer;
  try {
    writer = new Writer(options);
  } catch (error) {
    fail(0, error);
    return;
  }
  const { epoch } = writer;
  reply({ id: 0, kind: "done", outcomes: [], epoch });
  port.on("message", (request: WriterRequest) => {
    try {
      const outcomes = request.kind === "append" ? writer.append(request.batch) : [];
      if (request.kind === "nick") writer.saveNick(request.lease);
      if (request.kind === "close") writer.close();
      reply({ id: request.id, kind: "done", outcomes, epoch });
      // Last: nothing is sent through a closed port.
      if (request.kind === "close") port.close();
    } catch (error) {
      fail(request.id, error);
    }
  });
}

if (parentPort) serve(parentPort, workerData as WriterOptions);
