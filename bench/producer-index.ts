/**
 * What an index on (producer, number) costs each append, and what retries cost without one (decisions/006).
 *
 *   node bench/producer-index.ts [FOLDER]
 *
 * The tables of src/server/store/schema.ts, with and without the index, on a disk file in FOLDER, default the system's
 * temporary folder: groups of 200-byte events of so many producers, one room of 100,000 events, trimmed as the server does. Cases take
 * turns, so that all see the same machine; medians of the rounds. Then 200 retries: looked up one by one in the index; and without it
 * one by one, as it was once, and in one go, as the server does it.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { findPlaces } from "../src/server/store/retries.ts";
import { migrate } from "../src/server/store/schema.ts";

const rounds = 7;
const perRound = 40_000;
const retain = 100_000;
const INDEX = "events_by_producer";
const RETRIES = 200;

interface Log {
  readonly label: string;
  readonly file: string;
  readonly append: (group: number, producers: number) => void;
  /** ms for {@link RETRIES} */
  readonly oneByOne: () => number;
  readonly inOneGo: () => number;
  readonly close: () => void;
}

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), "producer-index-"));
try {
  for (const [group, producers] of [
    [1, 1],
    [64, 8],
    [256, 8],
    [256, 2_000],
  ] as const) {
    const logs = [open("without", group, producers), open("with", group, producers)];
    const rates = logs.map((): number[] => []);
    const count = group === 1 ? perRound / 200 : perRound;
    for (const log of logs) log.append(group, retain + 1);
    for (let round = 0; round < rounds; round++) {
      for (const [index, log] of logs.entries()) {
        const start = performance.now();
        for (let done = 0; done < count; done += group) log.append(group, producers);
        rates[index]!.push(count / ((performance.now() - start) / 1000));
      }
    }
    for (const [index, log] of logs.entries()) {
      const rate = median(rates[index]!);
      console.log(
        `group ${group}, ${producers} producers, ${log.label} index: ${rate.toFixed(0)} events/s (${(rate / median(rates[0]!)).toFixed(2)}×), ${RETRIES} retries one by one ${log.oneByOne().toFixed(1)} ms, in one go ${log.inOneGo().toFixed(1)} ms, ${(statSync(log.file).size / 1e6).toFixed(1)} MB`,
      );
      log.close();
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

function open(label: "with" | "without", group: number, producers: number): Log {
  const file = join(folder, `${label}-${group}-${producers}.db`);
  const database = new DatabaseSync(file);
  migrate(database, file);
  database.exec(
    label === "with"
      ? `CREATE UNIQUE INDEX IF NOT EXISTS ${INDEX} ON events (producer, number)`
      : `DROP INDEX IF EXISTS ${INDEX}`,
  );
  database.exec("INSERT INTO topics VALUES (1, 'room:a', 0, 0, 0, '')");
  const insert = database.prepare("INSERT INTO events VALUES (1, ?, ?, 'bob', ?, ?, ?)");
  const trim = database.prepare("DELETE FROM events WHERE topic = 1 AND offset <= ?");
  const find = database.prepare(
    "SELECT offset FROM events WHERE topic = 1 AND producer = ? AND number = ? ORDER BY offset DESC LIMIT 1",
  );
  const body = "x".repeat(200);
  const numbers = new Map<number, number>();
  let head = 0;
  let floor = 0;
  const append = (count: number, from: number) => {
    database.exec("BEGIN IMMEDIATE");
    // The first call fills the room.
    for (let n = 0; n < (from > retain ? retain : count); n++) {
      const producer = from > retain ? n % 8 : head % from;
      const number = (numbers.get(producer) ?? 0) + 1;
      numbers.set(producer, number);
      insert.run(++head, Date.now(), body, producer, number);
      if (head - floor > retain * 1.1) trim.run((floor = head - retain));
    }
    database.exec("COMMIT");
  };
  // The latest of one producer, as after a lost link.
  const retries = () =>
    Array.from({ length: RETRIES }, (_, index) => {
      return { index, topic: "room:a", producer: 0, number: (numbers.get(0) ?? 0) - index };
    });
  const oneByOne = () =>
    timed(() => {
      for (const { producer, number } of retries()) find.get(producer, number);
    });
  const inOneGo = () => {
    database.prepare("UPDATE topics SET head = ?").run(head);
    return timed(() => findPlaces(database, retries()));
  };
  return { label, file, append, oneByOne, inOneGo, close: () => database.close() };
}

function timed(action: () => unknown): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
