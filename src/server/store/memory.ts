import { randomEpoch } from "../epoch.ts";
import { advance, answerAgain, judge, type ProducerState } from "./numbers.ts";
import type { Append, LogState, NickLease, Outcome, Store, StoredEvent } from "./store.ts";

interface Log {
  /** Event with offset o stands at index o - floor - 1. */
  events: (StoredEvent & { readonly producer: string; readonly number: number })[];
  floor: number;
  line: string;
}

/** Producers remembered; the one that published longest ago is forgotten first. */
const PRODUCERS_KEPT = 10_000;

/** A store for `--memory`: durable for as long as the process lives. */
export class MemoryStore implements Store {
  readonly epoch = randomEpoch();
  readonly #retain: number;
  readonly #logs = new Map<string, Log>();
  readonly #producers = new Map<string, ProducerState>();
  readonly #nicks = new Map<string, NickLease>();

  /** @param retain events kept in each log */
  constructor(retain: number) {
    this.#retain = retain;
  }

  async append(batch: readonly Append[]): Promise<Outcome[]> {
    return batch.map((item) => this.#appendOne(item));
  }

  async read(topic: string, after: number, limit: number): Promise<StoredEvent[]> {
    const log = this.#logs.get(topic);
    if (!log) return [];
    const start = Math.max(0, after - log.floor);
    return log.events.slice(start, start + limit);
  }

  async state(topic: string): Promise<LogState> {
    return stateOf(this.#logs.get(topic));
  }

  async topics(limit: number): Promise<(LogState & { topic: string })[]> {
    return Array.from(this.#logs, ([topic, log]) => ({ topic, ...stateOf(log) }))
      .toSorted((a, b) => b.at - a.at)
      .slice(0, limit);
  }

  async nicks(): Promise<NickLease[]> {
    return [...this.#nicks.values()];
  }

  async saveNicks(leases: readonly NickLease[]): Promise<void> {
    for (const lease of leases) this.#nicks.set(lease.key, lease);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#logs.clear();
  }

  #appendOne(item: Append): Outcome {
    const producer = this.#producer(item.producer);
    const verdict = judge(producer, item.number);
    if (verdict.kind === "refused") return verdict;
    if (verdict.kind === "seen") return answerAgain(item, this.#offsetOf(item));
    advance(producer, item.number, item.refusal);
    if (item.refusal) return { kind: "refused", refusal: item.refusal };
    if (item.topic === null) return { kind: "appended", offset: null, floor: 0 };
    const log = this.#log(item.topic);
    const offset = log.floor + log.events.length + 1;
    const { at, from, body, number } = item;
    log.events.push({ offset, at, from, body, producer: item.producer, number });
    if (item.line !== undefined) log.line = item.line;
    // A tenth over, so that trimming an array's front is paid for by many appends.
    if (log.events.length > this.#retain * 1.1) {
      const excess = log.events.length - this.#retain;
      log.events.splice(0, excess);
      log.floor += excess;
    }
    return { kind: "appended", offset, floor: log.floor };
  }

  #offsetOf(item: Append): number | null {
    const log = item.topic === null ? undefined : this.#logs.get(item.topic);
    const event = log?.events.findLast(
      ({ producer, number }) => producer === item.producer && number === item.number,
    );
    return event?.offset ?? null;
  }

  #log(topic: string): Log {
    let log = this.#logs.get(topic);
    if (!log) this.#logs.set(topic, (log = { events: [], floor: 0, line: "" }));
    return log;
  }

  #producer(name: string): ProducerState {
    const producer = this.#producers.get(name) ?? { last: 0, refused: [] };
    this.#producers.delete(name);
    this.#producers.set(name, producer);
    if (this.#producers.size > PRODUCERS_KEPT) {
      const [oldest] = this.#producers.keys();
      this.#producers.delete(oldest!);
    }
    return producer;
  }
}

function stateOf(log: Log | undefined): LogState {
  if (!log) return { head: 0, floor: 0, line: "", at: 0 };
  return {
    head: log.floor + log.events.length,
    floor: log.floor,
    line: log.line,
    at: log.events.at(-1)?.at ?? 0,
  };
}
