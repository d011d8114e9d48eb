import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { openTerminal } from "../support/terminal.ts";
import { numbered } from "./load.ts";
import { next, parse, printed, texts } from "./output.ts";

const cli = `${import.meta.dirname}/../../dist/cli.js`;
const quiet = { args: ["--feed", "none"] };

/** Lines that come when they are asked for; the input stays open after them. */
function feeder() {
  const { readable, writable } = new TransformStream<string, string>();
  const writer = writable.getWriter();
  return {
    input: readable,
    line: (text: string) => void writer.write(`${text}\n`),
    end: () => void writer.close(),
  };
}

test("prints one ack for each line, in order, and nothing else", async () => {
  await using server = await startServer(quiet);
  await using send = run(["send", server.url, "room:lobby"], { stdin: numbered(500).join("") });
  const { code, stdout, stderr } = await send.exited;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [first] = printed(stdout, "ack");
  const { epoch } = first!;
  expect(parse(stdout)).toEqual(
    Array.from({ length: 500 }, (_, index) => ({
      kind: "ack",
      id: index + 1,
      topic: "room:lobby",
      offset: index + 1,
      epoch,
    })),
  );
});

test("a line ends at a line feed; empty ones are passed over, and the last may lack its end", async () => {
  await using server = await startServer(quiet);
  const stdin = "one\r\n\n\r\ntwo\u2028still two\rand still\nthree";
  await using send = run(["send", server.url, "room:lobby"], { stdin });
  expect((await send.exited).code).toBe(0);
  await using tail = run([
    "tail",
    server.url,
    "room:lobby",
    "--since",
    "beginning",
    "--count",
    "3",
  ]);
  const events = printed((await tail.exited).stdout, "event");
  expect(texts(events)).toEqual(["one", "two\u2028still two\rand still", "three"]);
});

test("names the lines that were refused, and goes on with the others", async () => {
  await using server = await startServer(quiet);
  const stdin = `one\n\n${"x".repeat(16_385)}\ntwo\n${"y".repeat(200_000)}\n`;
  await using send = run(["send", server.url, "room:lobby"], { stdin });
  const { code, stdout, stderr } = await send.exited;
  expect(code).toBe(1);
  expect(printed(stdout, "ack").map(({ id, offset }) => [id, offset])).toEqual([
    [1, 1],
    [3, 2],
  ]);
  expect(stderr).toMatch(
    /^not sent, line 3: .*16384 bytes, got 16385.*\nnot sent, line 5: .*16384 bytes.*\n$/,
  );
});

test("prints text on a terminal", async () => {
  await using server = await startServer(quiet);
  await using terminal = openTerminal({
    command: process.execPath,
    args: [cli, "send", server.url, "room:lobby", "hello"],
  });
  expect(await terminal.exited).toEqual({ code: 0, signal: null });
  expect(terminal.screen()[0]).toBe("1 ✓ room:lobby 1");
});

test("with no input at all it still tells whether the server could be reached", async () => {
  await using server = await startServer(quiet);
  await using nothing = run(["send", server.url, "room:lobby"]);
  expect(await nothing.exited).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(await server.stop()).toBe(0);
  await using nobody = run(["send", server.url, "room:lobby"]);
  expect(await nobody.exited).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^backchat: .*is the server running.*\n$/),
  });
});

test("--wait waits for a server that isn't there yet", async () => {
  const gone = await startServer(quiet);
  await gone.stop();
  await using send = run(["send", gone.url, "room:lobby", "early", "--wait"]);
  await using tail = run([
    "tail",
    gone.url,
    "room:lobby",
    "--since",
    "beginning",
    "--count",
    "1",
    "--wait",
  ]);
  await next(tail, "link", ({ state }) => state === "waiting");
  await using server = await startServer({ ...quiet, port: gone.port });
  expect((await send.exited).code).toBe(0);
  const { code, stdout } = await tail.exited;
  expect(code).toBe(0);
  expect(texts(printed(stdout, "event"))).toEqual(["early"]);
  expect(await server.stop()).toBe(0);
});

test.each(["tail", "send"])(
  "%s gives up after --timeout seconds without a link, once it has had one",
  async (command) => {
    const server = await startServer(quiet);
    const lines = feeder();
    const args = [command, server.url, "room:lobby", "--timeout", "0.5"];
    await using one = run(args, command === "send" ? { stdin: lines.input } : {});
    lines.line("first");
    if (command === "send") await next(one, "ack");
    else await next(one, "link", ({ state }) => state === "live");
    await server.kill9();
    await server[Symbol.asyncDispose]();
    lines.line("second");
    const { code, stderr } = await one.exited;
    expect(code).toBe(1);
    const last = /backchat: 127\.0\.0\.1:\d+: no link for 0\.5 s, gave up: .*\n$/;
    expect(stderr).toMatch(last);
    expect(stderr.replace(last, "")).toMatch(
      command === "send" ? /^not acknowledged: line 2, and what follows\n$/ : /^$/,
    );
  },
);

test.each(["websocket", "sse", "long-polling", "polling"])(
  "over %s, it goes on with the next server",
  async (transport) => {
    const first = await startServer(quiet);
    const lines = feeder();
    await using send = run(["send", first.url, "room:lobby", "--transport", transport], {
      stdin: lines.input,
    });
    lines.line("one");
    await next(send, "ack");
    await first.kill9();
    await first[Symbol.asyncDispose]();
    lines.line("two");
    lines.line("three");
    lines.end();
    await using second = await startServer({ ...quiet, port: first.port });
    const { code, stdout, stderr } = await send.exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(printed(stdout, "ack").map(({ id }) => id)).toEqual([1, 2, 3]);
    await using tail = run([
      "tail",
      second.url,
      "room:lobby",
      "--since",
      "beginning",
      "--count",
      "2",
    ]);
    expect(texts(printed((await tail.exited).stdout, "event"))).toEqual(["two", "three"]);
  },
);

test("Ctrl+C ends it although its input is open, and says what was not sent", async () => {
  await using server = await startServer(quiet);
  const lines = feeder();
  await using send = run(["send", server.url, "room:lobby"], { stdin: lines.input });
  lines.line("one");
  await next(send, "ack");
  send.kill("SIGINT");
  const { code, stderr } = await send.exited;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "not sent: what follows line 1\nbackchat: interrupted\n",
  });
});
