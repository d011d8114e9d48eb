import { DatabaseSync, type StatementSync } from "node:sqlite";
import { DatabaseFiles } from "./files.ts";
import { inspect } from "./inspect.ts";
import type { WriterOptions } from "./messages.ts";
import { lock } from "./lock.ts";
import { advance, answerAgain, judge, type ProducerState } from "./numbers.ts";
import { isDamage, reasonOf } from "./reason.ts";
import { findPlaces, type Retry } from "./retries.ts";
import { migrate, MIGRATIONS } from "./schema.ts";
import { type Append, type NickLease, type Outcome, StoreError } from "./store.ts";

/** Producers and topics kept at hand; beyond it they are read again when needed. */
const CACHE = 10_000;
/**
 * Producers that haven't published for so long are forgotten at the start; but never one of the latest so many, or a clock that is
 * wrong for once could make a retry a second event (decisions/007).
 */
const PRODUCER_MS = 30 * 24 * 3600 * 1000;
const PRODUCERS_KEPT = 100_000;
/**
 * Nicks whose lease ran out so long ago go at the start; counted from the latest lease if that is before the clock's time, for the
 * clock may be wrong. Who may have them until then isn't decided here.
 */
const NICK_MS = 7 * 24 * 3600 * 1000;

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

/** Appends to the database, and keeps what must be known for that. One exists for a file. */
export class Writing {
  readonly #database: DatabaseSync;
  readonly #files: DatabaseFiles;
  readonly #lock: DatabaseSync;
  readonly #retain: number;
  readonly #producers = new Map<string, CachedProducer>();
  readonly #topics = new Map<string, CachedTopic>();
  readonly #sql: Record<
    | "insertEvent"
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
  /** When producers were last seen: ms since 1970, but never less than before. */
  #seen: number;

  constructor({ file, retain, patience }: WriterOptions) {
    this.#retain = retain;
    this.#lock = lock(file, patience);
    this.#files = new DatabaseFiles(file);
    let database: DatabaseSync | undefined;
    try {
      inspect(file, MIGRATIONS.length);
      this.#database = database = new DatabaseSync(file, { timeout: 2_000 });
      migrate(this.#database, file);
      const sql = (text: string) => this.#database.prepare(text);
      this.#sql = {
        insertEvent: sql("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"),
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
      this.#seen = Number(
        this.#database.prepare("SELECT max(seen) AS seen FROM producers").get()?.["seen"] ?? 0,
      );
      this.#forget();
    } catch (error) {
      database?.close();
      this.#lock.close();
      if (error instanceof StoreError) throw error;
      throw new StoreError("unusable", `${file} can't be used as a database: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  append(batch: readonly Append[]): Outcome[] {
    try {
      return this.#commit(batch);
    } catch (error) {
      const unwritable = refusalOf(error);
      if (batch.length === 1 || !isDamage(error)) throw unwritable;
      // A part of the file is damaged. Whoever has nothing to do with it goes on.
      return batch.flatMap((item) => this.#appendAlone(item));
    }
  }

  #appendAlone(item: Append): Outcome[] {
    try {
      return this.#commit([item]);
    } catch (error) {
      const { message } = refusalOf(error);
      return [{ kind: "refused", refusal: { code: "storage", message } }];
    }
  }

  #commit(batch: readonly Append[]): Outcome[] {
    const topics = new Set<CachedTopic>();
    const producers = new Set<CachedProducer>();
    const retries: Retry[] = [];
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      const outcomes = batch.map((item, index) => {
        const outcome = this.#appendOne(item, topics, producers);
        if (outcome.kind === "duplicate" && item.topic !== null) {
          const { id } = this.#producer(item.producer);
          retries.push({ index, topic: item.topic, producer: id, number: item.number });
        }
        return outcome;
      });
      for (const { head, floor, at, line, id } of topics)
        this.#sql.saveTopic.run(head, floor, at, line, id);
      this.#seen = Math.max(Date.now(), this.#seen + 1);
      for (const { last, refused, id } of producers) {
        this.#sql.saveProducer.run(last, JSON.stringify(refused), this.#seen, id);
      }
      const places = findPlaces(this.#database, retries);
      for (const { index } of retries) {
        outcomes[index] = answerAgain(batch[index]!, places.get(index) ?? null);
      }
      this.#files.check();
      this.#database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      // What the caches hold now was never committed.
      this.#producers.clear();
      this.#topics.clear();
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  saveNicks(leases: readonly NickLease[]): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const { key, nick, identity, until } of leases) {
        this.#sql.saveNick.run(key, nick, identity, until);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw refusalOf(error);
    }
  }

  close(): void {
    this.#database.close();
    this.#lock.close();
  }

  #appendOne(item: Append, topics: Set<CachedTopic>, producers: Set<CachedProducer>): Outcome {
    const producer = this.#producer(item.producer);
    const verdict = judge(producer, item.number);
    if (verdict.kind === "refused") return verdict;
    // Where it is kept is looked up for all retries of a batch at once.
    if (verdict.kind === "seen") {
      return item.topic === null ? answerAgain(item, null) : { kind: "duplicate", offset: null };
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

  // It can wait for a day on which the disk has room.
  #forget(): void {
    const time = Date.now();
    try {
      const [oldest] = this.#database
        .prepare("SELECT seen FROM producers ORDER BY seen DESC LIMIT 1 OFFSET ?")
        .all(PRODUCERS_KEPT);
      const before = Math.min(time - PRODUCER_MS, Number(oldest?.["seen"] ?? 0));
      this.#database.prepare("DELETE FROM producers WHERE seen < ?").run(before);
      this.#database
        .prepare("DELETE FROM nicks WHERE until < min(?, (SELECT max(until) FROM nicks)) - ?")
        .run(time, NICK_MS);
    } catch (error) {
      if (isDamage(error)) throw error;
    }
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

function refusalOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError("unwritable", `the store can't write: ${reasonOf(error)}`, {
    cause: error,
  });
}
