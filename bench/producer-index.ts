/**
 * What an index on (producer, number) costs each append, and what it saves a retry (decisions/006).
 *
 *   node bench/producer-index.ts [FOLDER]
 *
 * The tables of src/server/store/schema.ts, with and without the index, on a disk file in FOLDER, default the system's
 * temporary folder: groups of 200-byte events of so many producers, one room, trimmed as the server does. Cases take
 * turns, so that all see the same machine; medians of the rounds. Then a retry of a number whose event is gone.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "../src/server/store/schema.ts";

const rounds = 7;
const perRound = 40_000;
const retain = 100_000;
const INDEX = "events_by_producer";

interface Log {
  readonly label: string;
  readonly file: string;
  readonly append: (group: number, producers: number) => void;
  readonly retryMs: () => number;
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
    const count = group === 1 ? perRound / 20 : perRound;
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
        `group ${group}, ${producers} producers, ${log.label} index: ${rate.toFixed(0)} events/s (${(rate / median(rates[0]!)).toFixed(2)}×), retry of a gone event ${log.retryMs().toFixed(3)} ms, ${(statSync(log.file).size / 1e6).toFixed(1)} MB`,
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
  const retryMs = () => {
    const start = performance.now();
    for (let n = 0; n < 10; n++) find.get(0, 0);
    return (performance.now() - start) / 10;
  };
  return { label, file, append, retryMs, close: () => database.close() };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}
