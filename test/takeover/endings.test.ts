import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { eventually, within } from "../client/support/wait.ts";
import type { TestTerminal } from "../support/terminal.ts";
import { CTRL_C, Household, kill9, live, measured, say, sees } from "./support.ts";

const HOSTS_NOW = /this terminal hosts now/;

test.each([
  ["/quit", "/quit\r"],
  ["Ctrl+C twice", CTRL_C + CTRL_C],
  ["SIGTERM", undefined],
])("the host leaves with %s: another terminal hosts at once", async (how, keys) => {
  await using house = await Household.make();
  const alice = house.open("alice");
  await live(alice);
  const bob = house.open("bob");
  await live(bob);
  const carol = house.open("carol", ["--transport", "polling"]);
  await live(carol);
  await say(bob, "before");

  const start = performance.now();
  if (keys === undefined) process.kill(alice.pid, "SIGTERM");
  else alice.write(keys);
  const others = [bob, carol];
  await eventually("another host", () => house.hosts(others).length === 1);
  measured(`${how}: another one hosts`, start);
  const { code } = await within(10_000, "the end of the first host", alice.exited);
  expect(code).toBe(how === "SIGTERM" ? 143 : 0);
  measured(`${how}: the first one has ended`, start);
  await sees(house.hosts(others)[0]!, HOSTS_NOW);
  await say(bob, "after");
  await say(carol, "too");
  measured(`${how}: all have gone on`, start);
  expect(await house.texts(3)).toEqual(["before", "after", "too"]);
  expect(house.logged("could not take over")).toEqual([]);
  expect(house.lockHolders()).toEqual(new Set([house.hosts(others)[0]!.pid]));
});

// The port is still the first one's, and so is the database: nobody may host beside it (centrifugo#1189: it must not look healthy).
test("the host is stopped as by Ctrl+Z: the others say that it is silent, nobody else hosts; then all go on", async () => {
  await using house = await Household.make();
  const alice = house.open("alice");
  await live(alice);
  const others: TestTerminal[] = [];
  for (const transport of ["websocket", "sse", "long-polling", "polling"]) {
    others.push(house.open(transport.slice(0, 4), ["--transport", transport]));
  }
  for (const terminal of others) await live(terminal);
  await say(others[0]!, "before");

  process.kill(alice.pid, "SIGSTOP");
  others[0]!.write("during\r");
  // A link whose ping had no answer in time is even lost: that is said as well.
  for (const terminal of others)
    await sees(terminal, /the server is silent: nothing came for \d+ s|reconnecting/);
  expect(house.hosts([alice, ...others])).toEqual([alice]);
  const second = house.run(["serve", "--port", String(house.port)]);
  expect(await second.exited).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^backchat: 127\.0\.0\.1:\d+ is in use: [^\n]+\n$/),
  });
  expect(house.lockHolders()).toEqual(new Set([alice.pid]));

  // Who wants to leave needn't wait for it.
  const impatient = others.pop()!;
  const start = performance.now();
  impatient.write(CTRL_C + CTRL_C);
  await within(8_000, "the end of a terminal that quits", impatient.exited);
  measured("while the host is silent: a terminal that quits has ended", start);

  process.kill(alice.pid, "SIGCONT");
  await sees(others[0]!, /during +✓/);
  for (const [index, terminal] of others.entries()) await say(terminal, `after ${index}`);
  await sees(alice, /after 2/);
  expect(house.hosts([alice, ...others])).toEqual([alice]);
  const texts = await house.texts(5);
  expect(texts.toSorted()).toEqual(["after 0", "after 1", "after 2", "before", "during"]);
  for (const terminal of others) await sees(terminal, / ● .*gaps 0/);
}, 60_000);

test("five are started at the same moment: one hosts and all get in; it is killed: one takes over, without an error on any screen", async () => {
  await using house = await Household.make();
  const five = Array.from({ length: 5 }, () => house.open(undefined));
  for (const terminal of five) await live(terminal);
  const [host, ...more] = house.hosts(five);
  expect(more).toEqual([]);
  for (const terminal of five) await sees(terminal, /ONLINE 5/);
  const others = five.filter((terminal) => terminal !== host);
  await say(others[0]!, "before");

  const start = performance.now();
  await kill9(host!);
  await eventually("another host", () => house.hosts(others).length === 1);
  measured("of five: another one hosts", start);
  for (const [index, terminal] of others.entries()) await say(terminal, `after ${index}`);
  measured("of five: all have gone on", start);
  const [next, ...beside] = house.hosts(others);
  expect(beside).toEqual([]);
  expect(house.logged("took over")).toEqual([next!.pid]);
  for (const terminal of others) {
    await sees(terminal, / ● /);
    const screen = terminal.screen().join("\n");
    expect(screen).not.toMatch(/can be hosted|Error|error:| ! /);
    expect(HOSTS_NOW.test(screen)).toBe(terminal === next);
  }
  const texts = await house.texts(5);
  expect(texts).toEqual(["before", "after 0", "after 1", "after 2", "after 3"]);
}, 60_000);

test("a second host of the same database on another port is refused with one clear line, terminal or not", async () => {
  await using house = await Household.make();
  const alice = house.open("alice");
  await live(alice);
  const wanted =
    /^backchat: \S+backchat\.db is in use by another backchat server: [^\n]*--db[^\n]*\n$/;
  const serve = house.run(["serve", "--port", "0", "--db", house.database]);
  expect(await serve.exited).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(wanted),
  });
  // Through another name of the same file as well.
  spawnSync("ln", ["-s", house.database, `${house.state}/other.db`]);
  const linked = house.run(["serve", "--port", "0", "--db", `${house.state}/other.db`]);
  expect(await linked.exited).toMatchObject({ code: 1, stdout: "" });
  const bob = house.open("bob", [], 0);
  await bob.exited;
  expect(bob.screen().join(" ")).toMatch(/backchat\.db is in use by another\s+backchat server/);
  await say(alice, "still here");
});
