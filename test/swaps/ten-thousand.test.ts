import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { expect, test } from "vitest";
import { type TransportName, TRANSPORTS } from "../../src/transports/transport.ts";
import { Client } from "../client/support/client.ts";
import { spawnServer } from "../client/support/server-process.ts";
import { within } from "../client/support/wait.ts";
import { Ledger } from "../support/ledger.ts";

const SWAPS = Number(process.env["SWAPS"] ?? 10_000);
const SEED = Number(process.env["SWAP_SEED"] ?? Date.now() % 1_000_000);
const READERS = 8;
/** Publishes of each writer that wait for their acks. */
const WINDOW = 4;

test(
  `${SWAPS} swaps, between all transports, while four publish: nothing is lost, repeated or reordered`,
  { timeout: 60_000 + SWAPS * 50 },
  async () => {
    process.stdout.write(`SWAPS=${SWAPS} SWAP_SEED=${SEED}\n`);
    await using server = await spawnServer({ retain: 10_000_000 });
    await using stack = new AsyncDisposableStack();
    const writers = await Promise.all(
      TRANSPORTS.map(async (transport) =>
        stack.use(await Client.live(server.url, transport, { topics: {} })),
      ),
    );
    const enough = new AbortController();
    const writing = writers.map((writer, index) => write(writer, `w${index}`, enough.signal));

    const took = new Map<string, number[]>();
    const readers = await Promise.all(
      Array.from({ length: READERS }, async (_, index) => {
        const from = TRANSPORTS[index % TRANSPORTS.length]!;
        const reader = stack.use(new Client(server.url, from));
        const live = reader.link("live");
        const record = watch(reader);
        reader.session.start();
        await live;
        const path = walk(from, Math.ceil(SWAPS / READERS), SEED + index);
        return { reader, record, done: swapAlong(reader, path, took) };
      }),
    );
    for (const { done } of readers) await done;
    enough.abort();
    const counts = await Promise.all(writing);
    const total = counts.reduce((sum, count) => sum + count, 0);

    process.stdout.write(`${table(took)}\n${total} messages to each of ${READERS} readers\n`);
    for (const { reader, record } of readers) {
      await within(60_000, "the last event", record.reached(total));
      expect(record.ledger.verdict(total)).toEqual({ lost: 0, repeated: 0, reordered: 0 });
      // Each writer's messages in the writer's order.
      expect(record.newest).toEqual(counts);
      expect(record.disorder).toBe(0);
      expect(reader.session.stats).toMatchObject({ gaps: 0, reconnects: 0 });
    }
    const made = readers.reduce((sum, { reader }) => sum + reader.session.stats.swaps, 0);
    expect(made).toBe(Math.ceil(SWAPS / READERS) * READERS);
    expect(took.size).toBe(TRANSPORTS.length ** 2);
  },
);

/** Publish for as long as it takes, a few at a time. @returns how many */
async function write({ session }: Client, name: string, signal: AbortSignal): Promise<number> {
  let count = 0;
  const one = async () => {
    while (!signal.aborted) await session.publish("room:lobby", `${name} ${++count}`);
  };
  await Promise.all(Array.from({ length: WINDOW }, one));
  return count;
}

/** What a reader is given, as it comes. */
function watch({ session, notices }: Client) {
  const ledger = new Ledger();
  const newest = TRANSPORTS.map(() => 0);
  let disorder = 0;
  let waiting: { head: number; resolve: () => void } | undefined;
  session.listen((notice) => {
    if (notice.kind !== "event") return;
    // They would be too many to be kept.
    notices.items.pop();
    ledger.see(notice.offset);
    const { text } = notice.body as { text: string };
    const [, writer, number] = /^w(\d) (\d+)$/.exec(text)!.map(Number) as [number, number, number];
    if (number !== newest[writer]! + 1) disorder += 1;
    newest[writer] = number;
    if (waiting && ledger.head >= waiting.head) waiting.resolve();
  });
  return {
    ledger,
    newest,
    get disorder() {
      return disorder;
    },
    async reached(head: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { head, resolve };
      if (ledger.head >= head) resolve();
      await promise;
    },
  };
}

async function swapAlong(
  { session }: Client,
  path: readonly TransportName[],
  took: Map<string, number[]>,
): Promise<void> {
  for (const to of path) {
    const began = performance.now();
    const { from } = await session.swap(to);
    const pair = `${from} → ${to}`;
    const times = took.get(pair) ?? [];
    took.set(pair, times);
    times.push(performance.now() - began);
  }
}

/** A walk over all pairs of transports, each to itself as well. */
function walk(from: TransportName, length: number, seed: number): TransportName[] {
  const random = xoroshiro128plus(seed);
  const left = new Map<TransportName, TransportName[]>();
  const path: TransportName[] = [];
  for (let at = from; path.length < length;) {
    // What has been left least often, in a random order.
    let open = left.get(at);
    if (!open || open.length === 0) left.set(at, (open = [...TRANSPORTS]));
    at = open.splice(uniformInt(random, 0, open.length - 1), 1)[0]!;
    path.push(at);
  }
  return path;
}

function table(took: ReadonlyMap<string, readonly number[]>): string {
  const rows = Array.from(took, ([pair, times]) => {
    const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
    return `${pair.padEnd(30)} ${String(times.length).padStart(6)} × ${median.toFixed(1).padStart(7)} ms`;
  });
  return ["median swap time", ...rows.toSorted()].join("\n");
}
