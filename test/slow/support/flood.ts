import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { z } from "zod";
import { randomId } from "../../../src/protocol/id.ts";

/** One topic's share of a flood: its events are numbered 1, 2, 3 … in their bodies. */
export interface Stream {
  readonly topic: string;
  readonly count: number;
  readonly body: (n: number) => object;
}

const ack = z.object({ kind: z.literal("ack"), offset: z.int() });
/** Publishes in one request. */
const BATCH = 256;

/**
 * Publish at full speed over HTTP: one producer for each stream, which says the next as soon as it has been told that the last is kept.
 * @param perSecond of each stream, on average @default as fast as it goes
 * @returns events a second
 */
export async function flood(
  url: string,
  streams: readonly Stream[],
  perSecond = Infinity,
): Promise<number> {
  const pool = new Pool(url, { connections: streams.length });
  const begin = performance.now();
  try {
    await Promise.all(streams.map((stream) => pour(pool, stream, perSecond)));
  } finally {
    await pool.close();
  }
  const total = streams.reduce((sum, { count }) => sum + count, 0);
  return total / ((performance.now() - begin) / 1000);
}

async function pour(pool: Pool, { topic, count, body }: Stream, perSecond: number): Promise<void> {
  const producer = randomId(8);
  const begin = performance.now();
  const batch = perSecond === Infinity ? BATCH : Math.max(1, Math.min(BATCH, perSecond / 50));
  for (let first = 1; first <= count; first += batch) {
    const early = begin + ((first - 1) / perSecond) * 1000 - performance.now();
    if (early > 0) await sleep(early);
    const numbers = Array.from(
      { length: Math.min(batch, count + 1 - first) },
      (_, at) => first + at,
    );
    const lines = numbers.map((number) =>
      JSON.stringify({ kind: "publish", producer, number, topic, body: body(number) }),
    );
    const { body: answer } = await pool.request({
      method: "POST",
      path: "/v1/publish",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.join("\n"),
    });
    const acks = (await answer.text()).trimEnd().split("\n");
    if (acks.length !== numbers.length) throw new Error(`answered with ${acks.join("\n")}`);
    ack.parse(JSON.parse(acks.at(-1)!));
  }
}
