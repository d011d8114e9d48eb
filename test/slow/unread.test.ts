// Readers that ask and don't read the answer. The server keeps next to nothing for them.
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { request } from "undici";
import { parseServerFrames } from "../../src/protocol/parse.ts";
import { flood } from "./support/flood.ts";
import { inMib, inUse, type MeasuredServer, MIB, startMeasured } from "./support/measured.ts";

const POLLERS = 1_000;
const BODY = { text: "x".repeat(1_000) };

async function start(): Promise<MeasuredServer> {
  return startMeasured({ args: ["--feed", "none", "--retain", "100000"] });
}

/** The path of a long poll that is held. */
async function longPollAtHead({ url }: MeasuredServer): Promise<string> {
  await flood(url, [{ topic: "room:a", count: 1, body: () => BODY }]);
  const { body } = await request(`${url}/v1/polling?topic=room:a`);
  const synced = parseServerFrames(await body.text()).find(({ kind }) => kind === "synced");
  if (synced?.kind !== "synced") throw new Error("expected an answer that ends with synced");
  return `/v1/long-polling?cursor=${synced.cursor}`;
}

/** Connections on which requests are written and nothing is read. */
class Mute implements Disposable {
  readonly sockets: Socket[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(path: string, times = 1): Promise<Socket> {
    const socket = connect(this.#port, "127.0.0.1").on("error", () => {});
    this.sockets.push(socket);
    await once(socket, "connect");
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(times));
    return socket;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

test(
  `${POLLERS} long pollers that never come back, while 20,000 events go by, cost less than 16 MiB`,
  { timeout: 60_000 },
  async () => {
    await using server = await start();
    const longPoll = await longPollAtHead(server);
    {
      using pollers = new Mute(server.port);
      for (let asked = 0; asked < POLLERS; asked += 100) {
        const some = Array.from({ length: 100 }, () => pollers.ask(longPoll));
        await Promise.all(some);
      }
      await expect.poll(() => server.links(), { timeout: 10_000 }).toBe(POLLERS);
      await flood(server.url, [{ topic: "room:a", count: 20_000, body: (n) => ({ n, ...BODY }) }]);
      expect(await server.links()).toBe(0);
      const stuck = await server.memory();
      pollers[Symbol.dispose]();
      await expect
        .poll(async () => inUse(stuck) - inUse(await server.memory()), { timeout: 10_000 })
        .toBeLessThan(16 * MIB);
      const without = await server.memory();
      process.stdout.write(`with: ${inMib(stuck.now)}\nwithout: ${inMib(without.now)}\n`);
    }
  },
);

test("polls that are sent ahead are answered one by one, as they are read", async () => {
  await using server = await start();
  await flood(server.url, [{ topic: "room:a", count: 2_000, body: (n) => ({ n, ...BODY }) }]);
  const before = await server.memory();
  using pollers = new Mute(server.port);
  const sockets = await Promise.all(
    Array.from({ length: 4 }, () => pollers.ask("/v1/polling?topic=room:a&since=beginning", 60)),
  );
  // Once nothing comes any more the first of them fill what the system takes.
  let taken = -1;
  await expect
    .poll(
      async () => {
        const { now } = await server.memory();
        const still = now.arrayBuffers === taken;
        taken = now.arrayBuffers;
        return still;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  const stuck = await server.memory();
  // 240 answers of some 256 KiB.
  expect(inUse(stuck) - inUse(before)).toBeLessThan(16 * MIB);
  let answers = 0;
  for await (const chunk of sockets[0]!) {
    answers += (chunk as Buffer).toString().split("HTTP/1.1 200 OK").length - 1;
    if (answers === 60) break;
  }
  expect(answers).toBe(60);
});

test("who sends more ahead than a client has reason to is cut off", async () => {
  await using server = await start();
  using pollers = new Mute(server.port);
  const behindStream = await pollers.ask("/v1/sse?topic=room:a", 500);
  await once(behindStream.resume(), "close");
  await expect.poll(() => server.links(), { timeout: 20_000 }).toBe(0);
});

test("connections that are cut while requests wait on them leave no links", async () => {
  await using server = await start();
  using pollers = new Mute(server.port);
  const paths = [await longPollAtHead(server), "/v1/sse?topic=room:a", "/healthz"];
  const sockets = await Promise.all(paths.map((path) => pollers.ask(path, 20)));
  await expect.poll(() => server.links(), { timeout: 20_000 }).toBe(2);
  for (const socket of sockets) socket.resetAndDestroy();
  await expect.poll(() => server.links(), { timeout: 20_000 }).toBe(0);
});
