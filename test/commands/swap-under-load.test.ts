import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { paced } from "./load.ts";
import { live, printed, texts } from "./output.ts";

/** Seconds of load; a longer run by hand is the same test. */
const SECONDS = Number(process.env["LOAD_SECONDS"] ?? 8);
const PER_SECOND = 200;

test(
  "a reader that swaps transports all the time misses nothing, repeats nothing and keeps the order",
  { timeout: SECONDS * 3000 + 20_000 },
  async () => {
    const count = SECONDS * PER_SECOND;
    await using server = await startServer({ args: ["--feed", "none"] });
    await using tail = run([
      "tail",
      server.url,
      "room:load",
      "--rotate",
      "0.3",
      "--count",
      String(count),
    ]);
    await live(tail);
    await using send = run(["send", server.url, "room:load"], { stdin: paced(count, PER_SECOND) });

    const sent = await send.exited;
    expect(sent.stderr).toBe("");
    expect(sent.code).toBe(0);
    expect(printed(sent.stdout, "ack").map(({ id }) => id)).toEqual(
      Array.from({ length: count }, (_, index) => index + 1),
    );

    const { code, stdout, stderr } = await tail.exited;
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const events = printed(stdout, "event");
    expect(texts(events)).toEqual(Array.from({ length: count }, (_, index) => `line ${index + 1}`));
    expect(events.map(({ offset }) => offset)).toEqual(
      events.map((_, index) => events[0]!.offset + index),
    );
    expect(printed(stdout, "gap")).toEqual([]);
    expect(
      printed(stdout, "link").filter(({ state }) => state === "lost" || state === "failed"),
    ).toEqual([]);

    const swaps = printed(stdout, "swap");
    // Every transport has been left and taken more than once.
    for (const name of ["websocket", "sse", "long-polling", "polling"]) {
      expect(swaps.filter(({ to }) => to === name).length).toBeGreaterThan(1);
    }
    expect(swaps.every(({ lost }) => lost === 0)).toBe(true);
    const stats = printed(stdout, "stats").at(-1)!;
    expect(stats).toMatchObject({ messages: count, gaps: 0, reconnects: 0, swaps: swaps.length });
    if (process.env["LOAD_SECONDS"] !== undefined) {
      const ms = swaps.map((swap) => swap.ms).toSorted((a, b) => a - b);
      const [half, most] = [0.5, 0.95].map((share) => ms[Math.floor(ms.length * share)]);
      process.stdout.write(
        `${JSON.stringify({ ...stats, swapMs: { p50: half, p95: most, max: ms.at(-1) } })}\n`,
      );
    }
  },
);
