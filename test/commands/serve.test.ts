import { existsSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { live, next, printed, texts } from "./output.ts";

const TRANSPORTS = ["websocket", "sse", "long-polling", "polling"];

test.each(["memory", "database"])(
  "says one line when it listens, and SIGTERM ends it with 0 (%s)",
  async (store) => {
    using folder = createSandbox();
    const db = store === "memory" ? undefined : join(folder.home, "new", "rooms.db");
    await using server = await startServer(db === undefined ? {} : { db });
    expect(server.port).toBeGreaterThan(0);
    expect(await server.stop()).toBe(0);
    expect(server.stdout()).toBe(`backchat listening on http://127.0.0.1:${server.port}\n`);
    for (const line of server.stderr().trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({ level: 30 });
    if (db !== undefined) expect(existsSync(db)).toBe(true);
  },
);

test("Ctrl+C ends it as SIGTERM does", async () => {
  await using serve = run(["serve", "--port", "0", "--memory"]);
  for await (const _ of serve.lines) break;
  serve.kill("SIGINT");
  expect(await serve.exited).toMatchObject({ code: 0, signal: null });
});

test("--heartbeat is what links are told", async () => {
  await using server = await startServer({ args: ["--feed", "none", "--heartbeat", "1.5"] });
  const { body } = await request(`${server.url}/v1/polling?topic=room:a`);
  expect(JSON.parse((await body.text()).split("\n")[0]!)).toMatchObject({ heartbeat: 1_500 });
});

test("without --db and --memory, rooms are kept in the state folder", async () => {
  await using serve = run(["serve", "--port", "0"]);
  for await (const _ of serve.lines) break;
  expect(existsSync(join(serve.home, "state", "backchat", "backchat.db"))).toBe(true);
  serve.kill();
  expect(await serve.exited).toMatchObject({ code: 0 });
});

test("clients on each transport are told that the server stops, and come back to the one after it", async () => {
  using folder = createSandbox();
  const options = { db: join(folder.home, "rooms.db"), args: ["--feed", "none"] };
  await using first = await startServer(options);
  await using stack = new AsyncDisposableStack();
  const tails = TRANSPORTS.map((transport) =>
    stack.use(run(["tail", first.url, "room:lobby", "--transport", transport, "--count", "2"])),
  );
  await Promise.all(tails.map(live));
  await using before = run(["send", first.url, "room:lobby", "before", "--name", "ann"]);
  expect((await before.exited).code).toBe(0);
  await Promise.all(tails.map((tail) => next(tail, "event")));

  expect(await first.stop()).toBe(0);
  const lost = await Promise.all(
    tails.map((tail) => next(tail, "link", ({ state }) => state === "lost")),
  );
  const reasons = Object.fromEntries(lost.map(({ transport, reason }) => [transport, reason]));
  // A poll that nobody is waiting in can't be told anything.
  expect(reasons).toEqual({
    websocket: "the server is stopping",
    sse: "the server is stopping",
    "long-polling": "the server is stopping",
    polling: expect.any(String),
  });

  await using second = await startServer({ ...options, port: first.port });
  await using after = run(["send", second.url, "room:lobby", "after", "--name", "bob"]);
  expect((await after.exited).code).toBe(0);
  for (const { code, stdout, stderr } of await Promise.all(tails.map(({ exited }) => exited))) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(texts(printed(stdout, "event"))).toEqual(["before", "after"]);
    expect(printed(stdout, "gap")).toEqual([]);
    expect(printed(stdout, "stats").at(-1)).toMatchObject({ messages: 2, reconnects: 1 });
  }
});
