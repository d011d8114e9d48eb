import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import type { Run } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");
const TRANSPORTS = ["websocket", "sse", "long-polling", "polling"];
const quiet = { args: ["--feed", "none"] };

/** Exit code 1, nothing on stdout and one line on stderr, which is given. */
async function refusal(one: Run): Promise<string> {
  const { code, stdout, stderr } = await one.exited;
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  return stderr;
}

describe.concurrent("serve", () => {
  test("when the port is in use", async () => {
    await using server = await startServer(quiet);
    await using second = run(["serve", "--memory", "--port", String(server.port)]);
    expect(await refusal(second)).toMatch(/127\.0\.0\.1:\d+ is in use: .*--port/);
  });

  test("when the address isn't this machine's", async () => {
    await using serve = run(["serve", "--memory", "--port", "0", "--host", "192.0.2.1"]);
    expect(await refusal(serve)).toMatch(/192\.0\.2\.1 is no address of this machine: .*--host/);
  });

  test("when another server has the database", async () => {
    using folder = createSandbox();
    const db = join(folder.home, "rooms.db");
    await using server = await startServer({ ...quiet, db });
    await using second = run(["serve", "--port", "0", "--db", db]);
    expect(await refusal(second)).toMatch(
      /rooms\.db is in use by another backchat server: .*--db.*--memory/,
    );
    expect(await server.stop()).toBe(0);
    await using third = await startServer({ ...quiet, db });
    expect(await third.stop()).toBe(0);
  });

  test.each([
    [
      "no database",
      (file: string) => writeFileSync(file, "no database ".repeat(1000)),
      /not a database/,
    ],
    [
      "another program's",
      (file: string) => database(file, "CREATE TABLE birds (name)"),
      /database of another program: .*--db/,
    ],
    [
      "a newer backchat's",
      (file: string) =>
        database(file, "PRAGMA application_id = 0x626b6368; PRAGMA user_version = 99"),
      /newer backchat .*99.*: update/,
    ],
    ["a folder", () => {}, /can't be used as a database|can't be opened|folder/],
  ])("when the database is %s, which is left as it was", async (what, make, says) => {
    using folder = createSandbox();
    const file = what === "a folder" ? folder.home : join(folder.home, "rooms.db");
    make(file);
    await using serve = run(["serve", "--port", "0", "--db", file]);
    expect(await refusal(serve)).toMatch(says);
  });

  test("when the state folder can't be made", async () => {
    using folder = createSandbox();
    const file = join(folder.home, "file");
    writeFileSync(file, "");
    await using serve = run(["serve", "--port", "0"], { env: { XDG_STATE_HOME: file } });
    expect(await refusal(serve)).toMatch(/file\/backchat can't be /);
  });
});

describe.concurrent.each(["tail", "send"])("%s", (command) => {
  const args = (url: string, ...more: string[]) => [
    command,
    url,
    "room:lobby",
    ...(command === "send" ? ["hello"] : []),
    ...more,
  ];

  test.each(TRANSPORTS)("when there is no server, over %s", async (transport) => {
    await using one = run(args("127.0.0.1:1", "--transport", transport));
    expect(await refusal(one)).toMatch(
      /^backchat: 127\.0\.0\.1:1: no connection.*ECONNREFUSED.*is the server running\?.*--wait/,
    );
  });

  test("in text too", async () => {
    await using one = run(args("127.0.0.1:1", "--format", "text"));
    await refusal(one);
  });

  test("when there is no such host", async () => {
    await using one = run(args("http://no-such-host.invalid:4400"));
    expect(await refusal(one)).toMatch(/no-such-host\.invalid:4400: no connection/);
  });

  test("--timeout bounds --wait", async () => {
    await using one = run(args("127.0.0.1:1", "--wait", "--timeout", "0.2"));
    const { code, stderr } = await one.exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^backchat: 127\.0\.0\.1:1: no link for 0\.2 s, gave up: .*\n$/);
  });

  test.each(TRANSPORTS)("when another server answers, over %s", async (transport) => {
    await using other = createServer((_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>hello</h1>"),
    );
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    await using one = run(
      args(`127.0.0.1:${(other.address() as AddressInfo).port}`, "--transport", transport),
    );
    expect(await refusal(one)).toMatch(/expected .*backchat server.*status 200|WebSocket/i);
    other.closeAllConnections();
  });

  test.each(TRANSPORTS)("when the nick is taken, over %s", async (transport) => {
    await using server = await startServer(quiet);
    await using ann = run(["send", server.url, "room:lobby", "mine", "--name", "Ann"]);
    expect((await ann.exited).code).toBe(0);
    await using one = run(args(server.url, "--name", "ann", "--transport", transport));
    expect(await refusal(one)).toMatch(/the nick ann is taken: ann2 is free/);
  });

  test("when the identity can't be kept", async () => {
    using folder = createSandbox();
    const file = join(folder.home, "file");
    writeFileSync(file, "");
    await using one = run(args("127.0.0.1:1", "--name", "ann"), { env: { XDG_STATE_HOME: file } });
    expect(await refusal(one)).toMatch(
      /the identity in .*file\/backchat\/identity can't be read or made/,
    );
  });
});

test.concurrent.each([
  ["who:lobby", "hello", /who:lobby is written by the server alone/],
  ["feed:market", '{"symbol":"ACME","price":1}', /feed:market is written by the server alone/],
  ["feed:builds", "green", /feed:builds takes JSON objects with a key, such as .*, got "green"/],
  ["feed:builds", "[1]", /feed:builds is an object with a key of 1 to 64 characters/],
  ["feed:builds", '{"status":"green"}', /feed:builds is an object with a key/],
  ["feed:builds", `{"key":"${"x".repeat(65)}"}`, /feed:builds is an object with a key/],
  ["room:lobby", "x".repeat(16_385), /16384 bytes, got 16385/],
  ["room:lobby", "漢".repeat(5_462), /16384 bytes, got 16386/],
])("send: what %s doesn't take is named", async (topic, text, says) => {
  await using server = await startServer(quiet);
  await using send = run(["send", server.url, topic, text]);
  const line = await refusal(send);
  expect(line).toMatch(/^not sent, line 1: /);
  expect(line).toMatch(says);
});

/** Makes Node take itself for an older one. Whether a real one gets as far is checked by `.ci/run`, where there is one. */
const POSING =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})';

test("a Node that is too old is told so, with what to do", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", POSING, cli, "tail"],
    { encoding: "utf8" },
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^backchat needs Node 24 or newer, this is 20\.20\.2: update it, .*\n$/);
});

function database(file: string, sql: string): void {
  using made = new DatabaseSync(file);
  made.exec(sql);
}
