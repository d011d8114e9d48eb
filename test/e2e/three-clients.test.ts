import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { openTerminal, type TestTerminal } from "../support/terminal.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const STOCKS = join(import.meta.dirname, "../../node_modules/vega-datasets/data/stocks.csv");
const LINES = 500;
/** As the status bar names the transports, in the order in which Ctrl+T walks through them. */
const SHOWN = ["WebSocket", "SSE", "long polling", "polling"] as const;
const CTRL_T = "\x14";
const PAGE_UP = "\x1b[5~";

test("three terminals on three transports, each swapped through all four while 500 lines come in: each shows all of them once, in order", async () => {
  await using server = await startServer({
    args: ["--feed", `replay:${STOCKS}`, "--feed-speed", "5"],
  });
  await using alice = openClient(server.url, "alice", "websocket");
  await using bob = openClient(server.url, "bob", "sse");
  await using carol = openClient(server.url, "carol", "polling");
  const clients = [alice, bob, carol];
  const at = [0, 1, 3];
  for (const [index, client] of clients.entries()) {
    await shows(client, at[index] ?? 0);
    await client.waitFor(/MSFT/, { what: "the ticker" });
  }

  // Some lines are let go just before each swap, so that they come in while it goes on.
  const input = new PassThrough({ encoding: "utf8" });
  let line = 0;
  const more = (count: number) => {
    const end = Math.min(LINES, line + count);
    while (line < end) input.write(`line ${++line}\n`);
    if (line === LINES) input.end();
  };
  await using sending = run(["send", server.url, "room:lobby", "--name", "dave"], { stdin: input });
  for (let step = 0; step < 4; step++) {
    for (const [index, client] of clients.entries()) {
      const next = (at[index]! + 1) % SHOWN.length;
      at[index] = next;
      more(40);
      client.write(CTRL_T);
      await shows(client, next);
    }
  }
  more(LINES);
  const { code, stdout } = await sending.exited;
  expect(code).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(LINES);

  const all = Array.from({ length: LINES }, (_, index) => index + 1);
  for (const client of clients) {
    await client.waitFor(new RegExp(`line ${LINES}\\b`), { what: "the last line" });
    expect(await readBack(client)).toEqual(all);
    await client.waitFor(/gaps 0/, { what: "no gaps" });
  }
}, 120_000);

function openClient(url: string, name: string, transport: string): TestTerminal {
  return openTerminal({
    command: process.execPath,
    args: [CLI, url, "--name", name, "--transport", transport],
    cols: 120,
    rows: 60,
  });
}

function shows(client: TestTerminal, transport: number): Promise<string> {
  const name = SHOWN[transport] ?? "";
  return client.waitFor(new RegExp(`● ${name}\\b`), { what: `${name} in the status bar` });
}

// Page by page from the newest to the oldest. On each page the numbers must follow each other without a hole: so a line that is
// shown twice, or in the wrong place, can't hide in the overlap of two pages. (A page may be seen half drawn: it is waited for.)
async function readBack(client: TestTerminal): Promise<number[]> {
  let seen: number[] = [];
  let first = LINES + 1;
  while (first > 1) {
    const before = first;
    const text = await client.waitFor(
      (screen) => {
        const page = numbersOn(screen);
        return (
          page.length > 0 && page[0]! < before && page.at(-1)! + 1 >= before && isConsecutive(page)
        );
      },
      { what: `a page of consecutive lines up to ${before - 1}` },
    );
    seen = [...numbersOn(text).filter((number) => number < before), ...seen];
    first = seen[0]!;
    client.write(PAGE_UP);
  }
  return seen;
}

function numbersOn(screen: string): number[] {
  return Array.from(screen.matchAll(/\bline (\d+)\b/g), ([, number]) => Number(number));
}

function isConsecutive(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === numbers[0]! + index);
}
