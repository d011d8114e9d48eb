import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { eventually } from "../client/support/wait.ts";
import type { TestTerminal } from "../support/terminal.ts";
import { Household, kill9, live, measured, say, sees, textsIn } from "./support.ts";

/** What a takeover may take on a machine that does a lot else; what it took is printed. */
const PATIENCE_MS = 10_000;
const NAMES = ["alice", "bob", "carol"] as const;

test.each([
  ["websocket", []],
  ["sse", []],
  ["long-polling", []],
  ["polling", []],
  // The next poll is far away: nobody would notice by it that the server has gone.
  ["polling", ["--poll-min", "6000", "--poll-max", "8000"]],
] as const)(
  "three terminals over %s %j: the hosting one is killed with -9, then the next: another hosts, all go on, nothing is lost (centrifugo#1189)",
  async (transport, args) => {
    await using house = await Household.make();
    const terminals: TestTerminal[] = [];
    for (const name of NAMES) {
      const terminal = house.open(name, ["--transport", transport, ...args]);
      await live(terminal);
      terminals.push(terminal);
    }
    const input = new PassThrough({ encoding: "utf8" });
    const sending = house.run(
      ["send", house.url, "room:lobby", "--name", "dave", "--transport", transport],
      input,
    );
    const tail = house.run([
      "tail",
      house.url,
      "room:lobby",
      "--since",
      "beginning",
      "--format",
      "json",
      "--transport",
      transport,
    ]);
    // At its start it doesn't wait for a server, and there will soon be none.
    await eventually("the tail being live", () => tail.stdout().includes('"state":"live"'));
    const expected: string[] = [];

    for (let round = 1; round <= 2; round++) {
      for (const terminal of terminals) {
        const text = `before ${round} by ${terminal.pid}`;
        await say(terminal, text);
        expected.push(text);
      }
      input.write(`sent ${round}\n`);
      await eventually("the ack of a sent line", () => sending.stdout().split("\n").length > round);
      expected.push(`sent ${round}`);

      const [host] = house.hosts(terminals);
      expect(host).toBe(terminals[0]);
      expect(house.lockHolders()).toEqual(new Set([host!.pid]));
      const start = performance.now();
      await kill9(host!);
      terminals.shift();
      const type = () => {
        for (const terminal of terminals) terminal.write(`during ${round} by ${terminal.pid}\r`);
      };
      // The first time they type while there is no server; the second time nothing is sent that could show that it has gone.
      if (round === 1) type();
      await eventually("another host", () => house.hosts(terminals).length === 1, PATIENCE_MS);
      measured(`${transport}: another one hosts`, start);
      if (round === 2) type();
      for (const terminal of terminals) {
        await sees(terminal, new RegExp(`during ${round} by ${terminal.pid} +✓`));
      }
      measured(`${transport}: all have gone on`, start);

      const [next] = house.hosts(terminals);
      expect(house.hosts(terminals)).toHaveLength(1);
      expect(house.lockHolders()).toEqual(new Set([next!.pid]));
      await sees(next!, /this terminal hosts now/);
      // Whoever hosts next stands first.
      terminals.sort((a, b) => Number(b === next) - Number(a === next));
    }

    const [last] = terminals;
    await say(last!, "after");
    input.end("the last line\n");
    const { code, stderr } = await sending.exited;
    expect(code, stderr).toBe(0);
    const count = expected.length + 3 + 2;
    const texts = await house.texts(count);
    expect(new Set(texts).size).toBe(count);
    expect(
      texts.filter(
        (text) => !text.startsWith("during") && text !== "after" && text !== "the last line",
      ),
    ).toEqual(expected);
    expect(texts.slice(-2)).toEqual(["after", "the last line"]);
    await eventually("the tail's events", () => textsIn(tail.stdout()).length === count);
    expect(textsIn(tail.stdout())).toEqual(texts);
    expect(tail.stdout()).not.toContain('"kind":"gap"');
    for (const text of texts.slice(-5)) await sees(last!, new RegExp(text));
    await sees(last!, /gaps 0/);
  },
  90_000,
);
