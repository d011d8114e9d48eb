import { join } from "node:path";
import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { live, next, printed } from "./output.ts";

const stocks = join(import.meta.dirname, "../../node_modules/vega-datasets/data/stocks.csv");

test("a replay shows the prices of its file in the order of their dates, and says that it is one", async () => {
  await using server = await startServer({
    args: ["--feed", `replay:${stocks}`, "--feed-speed", "50"],
  });
  await using tail = run(["tail", server.url, "feed:market", "--count", "100"]);
  const { code, stdout } = await tail.exited;
  expect(code).toBe(0);
  const events = printed(stdout, "event");
  expect(new Set(events.map(({ from }) => from))).toEqual(new Set(["replay of stocks.csv"]));
  const prices = events.map(({ body, key }) => ({
    key,
    ...(body as { symbol: string; price: number; date: string }),
  }));
  expect(prices.every(({ key, symbol }) => key === symbol)).toBe(true);
  expect(
    prices.find(({ symbol, date }) => symbol === "MSFT" && date === "Feb 1 2000")?.price ?? 36.35,
  ).toBe(36.35);
  // A replay begins anew at its end: a step back by years. There is no other.
  const dates = prices.map(({ date }) => Date.parse(date));
  const steps = dates.slice(1).map((date, index) => date - dates[index]!);
  expect(steps.every((step) => step >= 0 || step < -5 * 365 * 24 * 3600 * 1000)).toBe(true);
  expect(steps.filter((step) => step > 0).length).toBeGreaterThan(10);
});

test("simulated prices are called so, on every transport", async () => {
  await using server = await startServer({ args: ["--feed-speed", "20"] });
  for (const transport of ["websocket", "sse", "long-polling", "polling"]) {
    await using tail = run([
      "tail",
      server.url,
      "feed:market",
      "--count",
      "20",
      "--transport",
      transport,
    ]);
    const events = printed((await tail.exited).stdout, "event");
    expect(new Set(events.map(({ from }) => from))).toEqual(new Set(["simulated"]));
    expect(events.every(({ body, key }) => (body as { symbol: string }).symbol === key)).toBe(true);
  }
});

test("--feed none: nothing comes, and the rest works", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  await using tail = run(["tail", server.url, "feed:market", "room:lobby", "--count", "1"]);
  await live(tail);
  await using send = run(["send", server.url, "room:lobby", "hello"]);
  expect((await send.exited).code).toBe(0);
  expect(printed((await tail.exited).stdout, "event").map(({ topic }) => topic)).toEqual([
    "room:lobby",
  ]);
});

test("anyone's feed has keys, and whoever comes later sees the newest of each", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  await using tail = run(["tail", server.url, "feed:builds", "--count", "1"]);
  await live(tail);
  await using send = run([
    "send",
    server.url,
    "feed:builds",
    '{"key":"main","status":"green"}',
    "--name",
    "ci",
  ]);
  expect((await send.exited).code).toBe(0);
  expect(printed((await tail.exited).stdout, "event")[0]).toMatchObject({
    topic: "feed:builds",
    offset: 1,
    from: "ci",
    key: "main",
    body: { key: "main", status: "green" },
  });

  const stdin = Array.from(
    { length: 100 },
    (_, index) => `{"key":"${index % 2 === 0 ? "main" : "dev"}","run":${index}}\n`,
  ).join("");
  await using many = run(["send", server.url, "feed:builds", "--name", "bot"], { stdin });
  expect((await many.exited).code).toBe(0);
  await using late = run([
    "tail",
    server.url,
    "feed:builds",
    "--count",
    "2",
    "--since",
    "beginning",
  ]);
  const events = printed((await late.exited).stdout, "event");
  expect(events.map(({ key, offset }) => [key, offset])).toEqual([
    ["main", 100],
    ["dev", 101],
  ]);
});

test("a reader that can't keep up sees fewer prices, and no gap", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  await using tail = run(["tail", server.url, "feed:builds", "--transport", "polling"]);
  await live(tail);
  // Stopped while 1,000 events of one key come: what it then asks for is only the newest.
  process.kill(tail.pid, "SIGSTOP");
  const stdin = Array.from({ length: 1_000 }, (_, index) => `{"key":"main","run":${index}}\n`).join(
    "",
  );
  await using send = run(["send", server.url, "feed:builds"], { stdin });
  expect((await send.exited).code).toBe(0);
  process.kill(tail.pid, "SIGCONT");
  await next(tail, "event", ({ offset }) => offset === 1_000);
  tail.kill();
  const { stdout } = await tail.exited;
  expect(printed(stdout, "event").length).toBeLessThan(1_000);
  expect(printed(stdout, "gap")).toEqual([]);
  const offsets = printed(stdout, "event").map(({ offset }) => offset);
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
});
