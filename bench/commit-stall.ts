/**
 * What a durable commit costs the thread that makes it, and the event loop beside it.
 *
 *   node bench/commit-stall.ts [FOLDER]
 *
 * Groups of 200-byte rows go into SQLite (WAL, synchronous=FULL) on a disk file in FOLDER, default
 * the system's temporary folder: on the main thread, and in a worker thread that is sent the
 * group and answers. One group at a time; the cases take turns, so that all see the same machine.
 * Loop delays are the median of the rounds (max: the worst); the monitor itself ticks every 1 ms.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const groups = [1, 64, 256];
const rounds = 6;
const roundMs = 500;

type Commit = (rows: readonly string[]) => Promise<unknown>;

interface Case {
  readonly where: string;
  readonly group: number;
  readonly commit: Commit | undefined;
  readonly commitNs: ReturnType<typeof createHistogram>;
  /** A monitor a round: one that is paused would count the pause as a delay. */
  readonly loops: ReturnType<typeof monitorEventLoopDelay>[];
  rows: number;
  ms: number;
}

if (isMainThread) await main();
else answerGroups(openLog(String(workerData)));

async function main(): Promise<void> {
  const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), "commit-stall-"));
  const append = openLog(join(folder, "main.db"));
  const worker = new Worker(import.meta.filename, { workerData: join(folder, "worker.db") });
  try {
    const idle = newCase("idle", 0, undefined);
    const pairs = groups.map((group) => ({
      main: newCase("main", group, async (rows) => append(rows)),
      worker: newCase("worker", group, (rows) => ask(worker, rows)),
    }));
    const cases = [idle, ...pairs.flatMap((pair) => [pair.main, pair.worker])];
    for (const each of cases) await runFor(each, 100);
    for (const each of cases) reset(each);
    for (let round = 0; round < rounds; round += 1) {
      for (const each of cases) await runFor(each, roundMs);
    }

    console.log(row("", "rows/s", "commit p50", "p99", "loop p50", "p99", "max", "(ms)"));
    console.log(figures(idle));
    for (const pair of pairs) {
      console.log(figures(pair.main));
      console.log(figures(pair.worker));
      console.log(ratios(pair.worker, pair.main));
    }
  } finally {
    await worker.terminate();
    rmSync(folder, { recursive: true });
  }
}

function openLog(file: string): (rows: readonly string[]) => number[] {
  const db = new DatabaseSync(file);
  db.exec("pragma journal_mode = wal; pragma synchronous = full");
  db.exec("create table log (offset integer primary key, body text not null) strict");
  const insert = db.prepare("insert into log (body) values (?)");
  return (rows) => {
    db.exec("begin immediate");
    const offsets = rows.map((body) => Number(insert.run(body).lastInsertRowid));
    db.exec("commit");
    return offsets;
  };
}

function answerGroups(append: (rows: readonly string[]) => number[]): void {
  parentPort?.on("message", (rows: string[]) => parentPort?.postMessage(append(rows)));
}

function ask(worker: Worker, rows: readonly string[]): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.postMessage(rows);
  return promise.finally(() => worker.off("error", reject));
}

function newCase(where: string, group: number, commit: Commit | undefined): Case {
  return { where, group, commit, commitNs: createHistogram(), loops: [], rows: 0, ms: 0 };
}

function reset(each: Case): void {
  each.commitNs.reset();
  each.loops.length = 0;
  each.rows = 0;
  each.ms = 0;
}

async function runFor(each: Case, ms: number): Promise<void> {
  const rows = Array.from({ length: each.group }, (_, n) => String(n).padStart(200, "x"));
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const start = performance.now();
  if (!each.commit) await sleep(ms);
  else {
    while (performance.now() - start < ms) {
      const before = process.hrtime.bigint();
      await each.commit(rows);
      each.commitNs.record(process.hrtime.bigint() - before);
      each.rows += rows.length;
      await nextTurn();
    }
  }
  each.ms += performance.now() - start;
  loop.disable();
  each.loops.push(loop);
}

function row(...cells: string[]): string {
  return cells.map((cell, n) => (n === 0 ? cell.padEnd(14) : cell.padStart(11))).join("");
}

function numbers({ rows, ms, commitNs, loops }: Case): number[] {
  const commit = rows > 0 ? [commitNs.percentile(50), commitNs.percentile(99)] : [NaN, NaN];
  const loop = [
    median(loops.map((round) => round.percentile(50))),
    median(loops.map((round) => round.percentile(99))),
    Math.max(...loops.map((round) => round.max)),
  ];
  return [rows / (ms / 1000), ...[...commit, ...loop].map((ns) => ns / 1e6)];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function figures(each: Case): string {
  const [rate = 0, ...times] = numbers(each).map((n) => (Number.isNaN(n) ? 0 : n));
  const name = each.group > 0 ? `${each.where} × ${each.group}` : each.where;
  return row(name, rate.toFixed(0), ...times.map((time) => time.toFixed(2)));
}

function ratios(worker: Case, main: Case): string {
  const other = numbers(main);
  return row(
    "  worker/main",
    ...numbers(worker).map((n, at) => `${(n / (other[at] ?? NaN)).toFixed(2)}×`),
  );
}
