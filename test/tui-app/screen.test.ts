import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, type ServerProcess, startServer } from "../support/process.ts";
import { openTerminal, type TestTerminal } from "../support/terminal.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ args: ["--feed", "none"] });
});
afterAll(() => server[Symbol.asyncDispose]());

interface Size {
  readonly cols: number;
  readonly rows: number;
}

async function chat(
  nick: string,
  room: string,
  { cols, rows }: Size = { cols: 100, rows: 30 },
): Promise<TestTerminal> {
  const args = [cli, "chat", server.url, "--name", nick, "--room", room];
  const terminal = openTerminal({ command: process.execPath, args, cols, rows });
  await terminal.waitFor(/● WebSocket/);
  return terminal;
}

/** Waits until the screen is whole: header and prompt are on its first and last row, and nowhere else. */
async function whole(terminal: TestTerminal, { cols, rows }: Size): Promise<void> {
  const tiny = cols < 40 || rows < 10;
  const header = / #sizes|^ backchat/;
  const prompt = tiny ? /^>/ : /^\[#sizes\]/;
  const places = (lines: string[], match: RegExp) =>
    lines.flatMap((line, index) => (match.test(line) ? [index] : []));
  await terminal.waitFor(
    (text) => {
      const lines = text.split("\n");
      if (lines.length !== rows || places(lines, prompt).join() !== String(rows - 1)) return false;
      return tiny || places(lines, header)[0] === 0;
    },
    { what: `a whole screen of ${cols}×${rows}` },
  );
}

describe("two people", () => {
  it("talk, see each other come and go, and swap transports meanwhile", async () => {
    await using alice = await chat("alice", "talk");
    await alice.waitFor(/ONLINE 1|alice@/);
    await using bob = await chat("bob", "talk", { cols: 80, rows: 24 });
    bob.write("hello\rsecond line\r");
    await alice.waitFor(/bob {2}hello/);
    await alice.waitFor(/second line/);
    await bob.waitFor(/hello +✓/);

    alice.write("\x14");
    await alice.waitFor(/websocket → sse in \d+ ms · lost 0 · twice 0/);
    await alice.waitFor(/● SSE/);
    alice.write("over sse\r");
    await bob.waitFor(/alice {2}over sse/);
    await alice.waitFor(/over sse +✓/);

    bob.write("\x04");
    expect(await bob.exited).toEqual({ code: 0, signal: null });
    expect(bob.alternateScreen()).toBe(false);
  });
});

describe("the screen", () => {
  it("is whole at every size, also while it is resized and messages come", async () => {
    await using terminal = await chat("sizes", "sizes", { cols: 120, rows: 36 });
    terminal.write(
      "a first message that is long enough to be wrapped where there is not much room for it\r",
    );
    await terminal.waitFor(/room for it +✓/);
    const texts = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");
    await using sending = run(["send", server.url, "room:sizes", "--name", "filler"], {
      stdin: texts,
    });
    for (const [cols, rows] of [
      [80, 24],
      [60, 16],
      [40, 10],
      [30, 6],
      [120, 36],
      [81, 25],
      [100, 28],
    ] as const) {
      terminal.resize(cols, rows);
      await whole(terminal, { cols, rows });
    }
    expect((await sending.exited).code).toBe(0);
    await terminal.waitFor(/line 39/);
    terminal.resize(60, 16);
    await whole(terminal, { cols: 60, rows: 16 });
    await terminal.waitFor(/filler {2}line 39/);
  });

  it("has help and a picker over it", async () => {
    await using terminal = await chat("helped", "help");
    terminal.write("\x1bOP");
    await terminal.waitFor(/HELP[^]*Ctrl\+T/);
    terminal.write("\x1b");
    await terminal.waitFor((text) => !text.includes("HELP"));
    terminal.write("\x1bOR");
    await terminal.waitFor(/rtt p50[^]*▸●WebSocket[^]*long polling +—/);
    terminal.write("\x1b[B\r");
    await terminal.waitFor(/websocket → sse/);
  });

  it("shows hostile text as text", async () => {
    await using terminal = await chat("victim", "hostile");
    const evil = "\x1b[2J\x1b[31mred\x1b]0;title\x07 \x1b]52;c;AAAA\x07\u202etxet";
    await using sending = run(["send", server.url, "room:hostile", "--name", "mallory", evil]);
    expect((await sending.exited).code).toBe(0);
    await terminal.waitFor(/mallory {2}red txet/);
    expect(terminal.screen()[0]).toContain("#hostile");
  });
});

describe("the server goes away", () => {
  it(
    "and comes back: what was said meanwhile is sent then, once",
    { timeout: 60_000 },
    async () => {
      await using first = await startServer({ args: ["--feed", "none"] });
      const args = [cli, "chat", first.url, "--name", "patient", "--room", "away"];
      await using terminal = openTerminal({ command: process.execPath, args });
      await terminal.waitFor(/● WebSocket/);
      await first.kill9();
      await terminal.waitFor(/○ reconnecting in \d+ s: /);
      terminal.write("still there?\r");
      await terminal.waitFor(/still there\? +…/);
      await using second = await startServer({ args: ["--feed", "none"], port: first.port });
      expect(second.port).toBe(first.port);
      await terminal.waitFor(/still there\? +✓/, { timeout: 40_000 });
      expect(
        terminal
          .screen()
          .join("\n")
          .match(/still there\?/g),
      ).toHaveLength(1);
      await terminal.waitFor(/back on WebSocket after/);
    },
  );
});

describe("the terminal", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("is left clean at %s", async (signal) => {
    await using terminal = await chat(signal, "signals");
    expect(terminal.alternateScreen()).toBe(true);
    terminal.kill(signal);
    await terminal.exited;
    expect(terminal.alternateScreen()).toBe(false);
    expect(terminal.screen().join("").trim()).toBe("");
  });

  it("is left clean by two Ctrl+C in one read", async () => {
    await using terminal = await chat("hasty", "quit");
    terminal.write("\x03\x03");
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    expect(terminal.alternateScreen()).toBe(false);
  });
});
