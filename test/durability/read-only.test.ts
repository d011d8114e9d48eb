// A disk that takes no writes, from the start or from some moment on.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { request } from "undici";
import { Client, texts } from "../client/support/client.ts";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { readDatabase } from "./support/database.ts";
import { type Disk, diskTest, openDisk } from "./support/disk.ts";

diskTest.each([
  ["after an orderly stop", "stopped"],
  ["after a crash", "killed"],
  ["without a database", "new"],
] as const)("a server on a read-only disk, %s, says so and leaves all as it is", async (_, how) => {
  await using disk = await openDisk(1_024);
  const db = join(disk.path, "rooms.db");
  const options = { db, args: ["--feed", "none"], launcher: disk.launcher };
  if (how !== "new") {
    await using server = await startServer(options);
    await say(server.url, "kept");
    await (how === "stopped" ? server.stop() : server.kill9());
  }
  const before = contents(disk);
  await disk.readOnly();
  await using failed = run(["serve", "--port", "0", "--db", db], { launcher: disk.launcher });
  const { code, stdout, stderr } = await failed.exited;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    how === "new"
      ? /^backchat: \S+rooms\.db can't be used: the file, or one beside it, can't be opened: may its folder be written to\?[^\n]*\n$/
      : /^backchat: \S+rooms\.db can't be used: it is read-only: [^\n]*\n$/,
  );
  await disk.writable();
  expect(contents(disk)).toEqual(before);
  await using server = await startServer(options);
  expect((await say(server.url, "again")).statusCode).toBe(200);
  expect(await server.stop()).toBe(0);
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
if (!canLimit)
  process.stderr.write("NOT TESTED: failing writes, for want of prlimit (util-linux)\n");

// A limit on the size of files fails every write of a running server, and nothing else: links, reads and memory go on.
test.skipIf(!canLimit && !process.env["CI"])(
  "a disk that stops taking writes refuses publishes until it takes them again",
  { timeout: 60_000 },
  async () => {
    expect(canLimit, "prlimit is installed").toBe(true);
    using folder = createSandbox();
    const db = join(folder.home, "rooms.db");
    await using server = await startServer({ db, args: ["--feed", "none"] });
    const limit = (size: string) => {
      const args = ["--pid", String(server.pid), `--fsize=${size}:`];
      expect(spawnSync("prlimit", args).status).toBe(0);
    };
    await using client = await Client.live(new URL(server.url), "websocket");
    const publish = (from: number, to: number) =>
      Promise.all(
        texts("w", to)
          .slice(from)
          .map((text) => client.session.publish("room:lobby", text)),
      );
    await publish(0, 20);
    for (const round of [1, 2]) {
      limit("0");
      const start = client.notices.items.length;
      const waiting = publish(20 * round, 20 * (round + 1));
      waiting.catch(() => {});
      const told = await client.notices.first("refusal", ({ kind }) => kind === "error", start);
      expect(told).toMatchObject({
        code: "storage",
        message: expect.stringMatching(/^the store can't write: the disk fails \(.*\)$/) as string,
      });
      const { statusCode, body } = await say(server.url, "refused");
      expect([statusCode, await body.json()]).toMatchObject([503, { code: "storage" }]);
      await using reader = await Client.live(new URL(server.url), "sse");
      expect(await reader.received(20 * round)).toEqual(texts("w", 20 * round));
      limit("unlimited");
      await waiting;
    }
    expect(await client.received(60)).toEqual(texts("w", 60));
    expect(client.reasons("lost")).toEqual([]);
    expect(await server.stop()).toBe(0);
    const { rooms } = readDatabase(db);
    expect(rooms.get("room:lobby")!.map(({ text }) => text)).toEqual(texts("w", 60));
  },
);

function say(url: string, body: string) {
  return request(`${url}/v1/publish?topic=room:other`, { method: "POST", body });
}

function contents({ outside }: Disk): unknown {
  return readdirSync(outside).map((name) => [name, readFileSync(join(outside, name), "base64")]);
}
