import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import type { ServerProcess } from "../support/process.ts";
import { openTerminal } from "../support/terminal.ts";
import { numbered } from "./load.ts";
import { live, next, parse, printed, texts } from "./output.ts";

const cli = `${import.meta.dirname}/../../dist/cli.js`;

/** A server with ten lines in room:lobby. */
async function serverWithLines(): Promise<ServerProcess> {
  const server = await startServer({ args: ["--feed", "none"] });
  await using send = run(["send", server.url, "room:lobby", "--name", "ann"], {
    stdin: numbered(10).join(""),
  });
  expect((await send.exited).code).toBe(0);
  return server;
}

test("prints one JSON object a line in a pipe, with the promised fields, and its figures last", async () => {
  await using server = await serverWithLines();
  await using tail = run([
    "tail",
    server.url,
    "room:lobby",
    "--since",
    "beginning",
    "--count",
    "10",
  ]);
  const { code, stdout, stderr } = await tail.exited;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // Parsing is strict: a field more or less is an error.
  const lines = parse(stdout);
  expect(lines.map(({ kind }) => kind)).toEqual([
    "link",
    ...Array<string>(10).fill("event"),
    "stats",
  ]);
  const [first] = printed(stdout, "event");
  expect(first).toMatchObject({
    topic: "room:lobby",
    offset: 1,
    from: "ann",
    body: { text: "line 1" },
  });
  expect(Math.abs(first!.at - Date.now())).toBeLessThan(3_600_000);
  expect(lines.at(-1)).toMatchObject({
    transport: "websocket",
    messages: 10,
    reconnects: 0,
    swaps: 0,
    gaps: 0,
  });
});

test("--since N begins N events back, more than there are at the beginning", async () => {
  await using server = await serverWithLines();
  await using three = run(["tail", server.url, "room:lobby", "--since", "3", "--count", "3"]);
  expect(texts(printed((await three.exited).stdout, "event"))).toEqual([
    "line 8",
    "line 9",
    "line 10",
  ]);
  await using all = run(["tail", server.url, "room:lobby", "--since", "1000", "--count", "10"]);
  expect(printed((await all.exited).stdout, "event")[0]?.offset).toBe(1);
});

test.each([[[]], [["--since", "now"]], [["--since", "0"]]])(
  "with %j only what comes from now on is shown",
  async (args) => {
    await using server = await serverWithLines();
    await using tail = run(["tail", server.url, "room:lobby", "--count", "1", ...args]);
    await live(tail);
    await using send = run(["send", server.url, "room:lobby", "news", "--name", "bob"]);
    expect((await send.exited).code).toBe(0);
    expect(texts(printed((await tail.exited).stdout, "event"))).toEqual(["news"]);
  },
);

test("follows several topics over one link", async () => {
  await using server = await serverWithLines();
  await using tail = run([
    "tail",
    server.url,
    "room:lobby",
    "room:other",
    "who:lobby",
    "--name",
    "carl",
    "--since",
    "1",
    "--count",
    "3",
  ]);
  await next(tail, "event", ({ topic }) => topic === "who:lobby");
  await using send = run(["send", server.url, "room:other", "there", "--name", "bob"]);
  expect((await send.exited).code).toBe(0);
  const events = printed((await tail.exited).stdout, "event");
  expect(events.map(({ topic }) => topic).toSorted()).toEqual([
    "room:lobby",
    "room:other",
    "who:lobby",
  ]);
  expect(events.find(({ topic }) => topic === "who:lobby")).toMatchObject({
    key: "carl",
    body: { nick: "carl", here: true },
  });
});

test("--stats prints figures again and again, and once more at the end", async () => {
  await using server = await serverWithLines();
  await using tail = run(["tail", server.url, "room:lobby", "--stats", "0.2"]);
  await next(tail, "stats", ({ rttMs }) => rttMs.p50 !== null);
  const more = await next(tail, "stats");
  expect(more.messages).toBe(0);
  expect(more.bytesPerMessageDown).toBeNull();
  tail.kill("SIGINT");
  const { code, stdout } = await tail.exited;
  expect(code).toBe(0);
  expect(printed(stdout, "stats").length).toBeGreaterThanOrEqual(3);
});

test("--rotate walks through all transports and tells each swap", async () => {
  await using server = await serverWithLines();
  await using tail = run([
    "tail",
    server.url,
    "room:lobby",
    "--rotate",
    "0.1",
    "--transport",
    "sse",
  ]);
  const walked: string[] = [];
  while (walked.length < 5) {
    const { from, to } = await next(tail, "swap");
    walked.push(`${from} ${to}`);
  }
  expect(walked).toEqual([
    "sse long-polling",
    "long-polling polling",
    "polling websocket",
    "websocket sse",
    "sse long-polling",
  ]);
  tail.kill();
  expect((await tail.exited).code).toBe(0);
});

test("prints text on a terminal and JSON in a pipe, unless told otherwise", async () => {
  await using server = await serverWithLines();
  const args = ["tail", server.url, "room:lobby", "--since", "1", "--count", "1"];
  await using terminal = openTerminal({ command: process.execPath, args: [cli, ...args] });
  expect(await terminal.exited).toEqual({ code: 0, signal: null });
  expect(terminal.screen().join("\n")).toMatch(/^\d\d:\d\d:\d\d room:lobby ann: line 10$/m);
  await using json = openTerminal({
    command: process.execPath,
    args: [cli, ...args, "--format", "json"],
    cols: 250,
  });
  expect(await json.exited).toEqual({ code: 0, signal: null });
  expect(json.screen().join("\n")).toMatch(/^\{"kind":"event","topic":"room:lobby",/m);
  await using text = run([...args, "--format", "text"]);
  const { stdout, stderr } = await text.exited;
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d room:lobby ann: line 10\n-- websocket · .*\n$/);
  expect(stderr).toMatch(/^-- websocket connecting\n/);
});

test("a gap is told with its extent", async () => {
  await using server = await startServer({ args: ["--feed", "none", "--retain", "5"] });
  await using tail = run([
    "tail",
    server.url,
    "room:lobby",
    "--since",
    "beginning",
    "--transport",
    "polling",
    "--format",
    "json",
  ]);
  await live(tail);
  await using first = run(["send", server.url, "room:lobby", "first", "--name", "ann"]);
  expect((await first.exited).code).toBe(0);
  await next(tail, "event");
  // Stopped, so that more comes than is kept before it looks again.
  process.kill(tail.pid, "SIGSTOP");
  await using send = run(["send", server.url, "room:lobby", "--name", "bob"], {
    stdin: numbered(5_000).join(""),
  });
  expect((await send.exited).code).toBe(0);
  process.kill(tail.pid, "SIGCONT");
  const gap = await next(tail, "gap");
  expect(gap).toMatchObject({ topic: "room:lobby", from: 2, reason: "trimmed" });
  const { offset } = await next(tail, "event");
  expect(offset).toBe(gap.to! + 1);
});
