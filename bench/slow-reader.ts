/**
 * Whether healthy readers notice one that has stopped: the delivery times of 100 of them, with it and without it.
 *
 *   node bench/slow-reader.ts [ROUNDS] [EVENTS] [PER_SECOND]
 *
 * Each round starts two servers of `dist/` (build it first) side by side, so that both see the same machine, each with 100 readers over WebSocket in
 * two processes; on one of them four more sessions, one over each transport, are stopped (SIGSTOP). EVENTS of 230 bytes (default 40,000) go by,
 * at PER_SECOND (default: at full speed). Printed are each round's figures in ms, and the median ratio of the 99th percentiles, with to without.
 */
import { join } from "node:path";
import { z } from "zod";
import { TRANSPORTS } from "../src/transports/transport.ts";
import { run } from "../test/support/process.ts";
import { flood } from "../test/slow/support/flood.ts";
import { inMib, startMeasured } from "../test/slow/support/measured.ts";

const [rounds = 5, events = 40_000, perSecond = Infinity] = process.argv.slice(2).map(Number);
const HEALTHY = 100;
const ROOM = "room:load";
const FEED = "feed:load";
const TEXT = "x".repeat(200);
const figures = z.object({ p50: z.number(), p99: z.number(), samples: z.number() });

const ratios: number[] = [];
for (let round = 0; round < rounds; round++) {
  // What starts late would disturb what has begun.
  const both = Promise.withResolvers<void>();
  let ready = 0;
  const start = async () => {
    if (++ready === 2) both.resolve();
    await both.promise;
  };
  const [without, withIt] = await Promise.all([measure("without", start), measure("with", start)]);
  ratios.push(withIt / without);
}
const sorted = ratios.toSorted((a, b) => a - b);
console.log(
  `p99 with : without, median of ${rounds}: ${sorted[rounds >> 1]?.toFixed(2)} (${sorted.map((ratio) => ratio.toFixed(2)).join(" ")})`,
);

async function measure(which: "with" | "without", begin: () => Promise<void>): Promise<number> {
  await using server = await startMeasured({
    args: ["--feed", "none", "--retain", String(2 * events)],
  });
  await using stack = new AsyncDisposableStack();
  const start = async (script: string, args: readonly string[], wanted: string) => {
    const path = join(import.meta.dirname, "../test/slow/support", script);
    const child = stack.use(run([server.url, ...args], { script: path }));
    for await (const line of child.lines) if (line === wanted) break;
    return child;
  };
  const healthy = await Promise.all(
    [1, 2].map(() =>
      start("healthy.ts", [String(HEALTHY / 2), ROOM, FEED, String(events)], "ready"),
    ),
  );
  if (which === "with") {
    for (const transport of TRANSPORTS) {
      const reader = await start("reader.ts", [transport, ROOM, FEED], "live");
      reader.kill("SIGSTOP");
    }
  }
  const stream = { topic: ROOM, count: events, body: (n: number) => ({ n, text: TEXT }) };
  await begin();
  const rate = await flood(server.url, [stream], perSecond);
  const delays: { p50: number; p99: number }[] = [];
  for (const { lines } of healthy) {
    for await (const line of lines) {
      delays.push(figures.parse(JSON.parse(line)));
      break;
    }
  }
  const p50 = Math.max(...delays.map((each) => each.p50));
  const p99 = Math.max(...delays.map((each) => each.p99));
  const { now, peak } = await server.memory();
  console.log(
    `${which.padEnd(8)} ${Math.round(rate)} events/s · p50 ${p50} · p99 ${p99} ms · MiB ${inMib({ heapUsed: now.heapUsed, external: now.external, rss: now.rss, peakRss: peak.rss })}`,
  );
  return p99;
}
