import { describe, expect, test } from "vitest";
import { run } from "../support/process.ts";

const URL = "http://127.0.0.1:1";

/** A command line that can't be understood, and what its one line on stderr says. */
const MISTAKES: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["frobnicate"], /unknown command "frobnicate": expected chat, serve, tail, send, or an address/],
  [["tail"], /expected backchat tail URL TOPIC…, got no URL/],
  [
    ["tail", "room:lobby"],
    /expected a server's address such as http:\/\/127\.0\.0\.1:4400, got "room:lobby"/,
  ],
  [["tail", "ftp://127.0.0.1", "room:lobby"], /expected a server's address .*, got "ftp:/],
  [
    ["tail", "http://127.0.0.1:99999", "room:lobby"],
    /expected a server's address .*, got "http:\/\/127\.0\.0\.1:99999"/,
  ],
  [["tail", "http://127.0.0.1:4400/rooms", "room:lobby"], /expected a server's address/],
  [["tail", "4400", "room:lobby"], /expected a server's address .*, got "4400"/],
  [["tail", "", "room:lobby"], /expected a server's address .*, got ""/],
  [["tail", URL], /expected at least one topic, such as room:lobby, got none/],
  [["tail", URL, "lobby"], /expected a topic such as room:lobby or feed:market, got "lobby"/],
  [["tail", URL, "room:a b"], /a topic's name holds letters.* got "room:a b"/],
  [["tail", URL, "room:\x1b[31m"], /got "room:\\u001b\[31m"/],
  [["tail", URL, `room:${"x".repeat(60)}`], /at most 64 characters, got 65/],
  [["tail", URL, "room:lobby", "--name", "a b"], /a nick holds letters.* got "a b"/],
  [["tail", URL, "room:lobby", "--name", "x".repeat(33)], /a nick has 1 to 32 characters, got 33/],
  [["tail", URL, "room:lobby", "--name", ""], /--name needs a value/],
  [
    ["tail", URL, "room:lobby", "--transport", "carrier-pigeon"],
    /--transport to be one of websocket, sse, .*"carrier-pigeon"/,
  ],
  [
    ["tail", URL, "room:lobby", "--since", "yesterday"],
    /--since to be beginning, now or a number of events, got "yesterday"/,
  ],
  [["tail", URL, "room:lobby", "--since", "-4"], /--since to be .* got "-4"/],
  [
    ["tail", URL, "room:lobby", "--count", "0"],
    /--count to be a whole number of at least 1, got "0"/,
  ],
  [["tail", URL, "room:lobby", "--count", "1.5"], /--count to be a whole number .* got "1.5"/],
  [["tail", URL, "room:lobby", "--count"], /--count needs a value/],
  [["tail", URL, "room:lobby", "--count", "--stats", "3"], /--count needs a value/],
  [["tail", URL, "room:lobby", "--count", "3", "--count", "4"], /--count was given 2 times/],
  [
    ["tail", URL, "room:lobby", "--rotate", "0"],
    /--rotate to be a number from 0.05 to 86400, got "0"/,
  ],
  [["tail", URL, "room:lobby", "--rotate", "0,3"], /--rotate to be a number .* got "0,3"/],
  [["tail", URL, "room:lobby", "--stats", "often"], /--stats to be a number .* got "often"/],
  [["tail", URL, "room:lobby", "--timeout", "never"], /--timeout to be a number .* got "never"/],
  [["tail", URL, "room:lobby", "--format", "xml"], /--format to be one of text, json, got "xml"/],
  [["tail", URL, "room:lobby", "--wait=yes"], /--wait takes no value, got "yes"/],
  [["tail", URL, "room:lobby", "--frob"], /unknown flag --frob: backchat tail knows --transport/],
  [["tail", URL, "room:lobby", "--Count", "5"], /unknown flag --Count/],
  [["tail", URL, "room:lobby", "-n", "5"], /unknown flag -n/],
  [["send"], /expected backchat send URL TOPIC \[TEXT\], got no URL/],
  [["send", "room:lobby", "hello"], /expected a server's address .*, got "room:lobby"/],
  [["send", URL], /expected a topic, such as room:lobby, got none/],
  [["send", URL, "lobby", "hello"], /expected a topic .* got "lobby"/],
  [
    ["send", URL, "room:lobby", "hello", "there"],
    /expected one TEXT, got also "there": put it all in quotes/,
  ],
  [["send", URL, "room:lobby", "--", "--hello", "there"], /expected one TEXT, got also "there"/],
  [["send", URL, "room:lobby", "--hello"], /unknown flag --hello.* after -- nothing is a flag/],
  [["send", URL, "room:lobby", "- an item"], /unknown flag - an item/],
  [
    ["send", URL, "room:lobby", "hello", "--since", "3"],
    /unknown flag --since: backchat send knows/,
  ],
  [["send", URL, "room:lobby", "hello", "--name", "a/b"], /a nick holds letters.* got "a\/b"/],
  [["serve", "4400"], /backchat serve takes no arguments, got "4400"/],
  [["serve", "--port", "70000"], /--port to be a whole number from 0 to 65535, got "70000"/],
  [["serve", "--port", "http"], /--port to be a whole number from 0 to 65535, got "http"/],
  [
    ["serve", "--memory", "--db", "rooms.db"],
    /--memory and --db exclude each other: give one of them/,
  ],
  [["serve", "--memory=yes"], /--memory takes no value, got "yes"/],
  [["serve", "--db"], /--db needs a value/],
  [["serve", "--retain", "0"], /--retain to be a whole number .* got "0"/],
  [["serve", "--host", ""], /--host needs a value/],
  [["serve", "--feed", "stocks.csv"], /--feed.*sim.*none.*replay:FILE.*"stocks\.csv"/],
  [["serve", "--feed", "replay:"], /--feed.*replay:FILE/],
  [["serve", "--feed", "replay:no-such-file.csv"], /no-such-file\.csv.*no file of that name/],
  [["serve", "--feed", `replay:${import.meta.dirname}`], /a folder/],
  [
    ["serve", "--feed", `replay:${import.meta.filename}`],
    /usage\.test\.ts:1: expected a header of symbol,date,price/,
  ],
  [["serve", "--feed-speed", "0"], /--feed-speed.* above 0 .*came 0/],
  [
    ["tail", "127.0.0.1:4400", "room:a", "--poll-min", "900", "--poll-max", "100"],
    /--poll-min to be at most --poll-max, got 900 and 100 ms/,
  ],
  [["serve", "--feed-seed", "x"], /--feed-seed to be a whole number .* got "x"/],
];

describe("one line says what is wrong with a command line, and the exit code is 2", () => {
  test.concurrent.each(MISTAKES)("backchat %j", async (args, says) => {
    await using one = run(args);
    const { code, stdout, stderr } = await one.exited;
    expect(stderr).toMatch(/^backchat: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

test.concurrent.each([
  ["--help"],
  ["-h"],
  ["help"],
  ["tail", "--help"],
  ["send", "-h"],
  ["serve", "--help"],
  ["--version"],
])("backchat %s %s explains on stdout, with exit code 0", async (...args) => {
  await using one = run(args);
  const { code, stdout, stderr } = await one.exited;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(args[0] === "--version" ? /^\d+\.\d+\.\d+\n$/ : /^backchat /);
});
