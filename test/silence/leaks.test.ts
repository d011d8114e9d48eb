// Hundreds of links over each transport (LEAK_LINKS: more), ended in each way: closed, swapped, cut, frozen. What they held is free again, in client and server alike.
import { Socket } from "node:net";
import { ServerResponse } from "node:http";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Attempt } from "../../src/client/attempt.ts";
import { Session } from "../../src/client/session.ts";
import { Reader } from "../../src/server/reader.ts";
import { TRANSPORTS, type TransportName } from "../../src/transports/transport.ts";
import { Client } from "../client/support/client.ts";
import { start, type TestServer } from "../server/support.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { openHandles } from "../transports/support/handles.ts";

/** Links over each transport. */
const LINKS = Number(process.env["LEAK_LINKS"] ?? 200);
const WAYS = 4;
/** Rooms and nicks are kept when nobody uses them any more: there are so many of each. */
const ROOMS = 25;
/** So many at once. */
const BATCH = 50;
const HEARTBEAT = 1_000;

/** The test's own connections to the server, of which now more and now fewer are kept. */
const SPARE = 10;

const KIB = 1024;
/** Objects that are counted, by what they belong to. */
const COUNTED = {
  Session,
  Attempt,
  Reader,
  Socket,
  ServerResponse,
  AbortSignal,
};

let server: TestServer;
beforeAll(async () => {
  server = await start({ heartbeat: HEARTBEAT });
});
afterAll(() => server[Symbol.asyncDispose]());

test.each(TRANSPORTS)(
  `%s: nothing is left of ${LINKS} links`,
  async (transport) => {
    // What is made once and kept: connections of the test's own, compiled code, a topic.
    await allWays(transport, ROOMS);
    const before = await left();
    await allWays(transport, LINKS / WAYS);
    const after = await left();
    for (const [name, count] of Object.entries(after.objects))
      expect(count, name).toBeLessThanOrEqual(before.objects[name]! + SPARE);
    expect(after.handles.length).toBeLessThanOrEqual(before.handles.length + SPARE);
    expect(after.listeners).toEqual(before.listeners);
    // Whatever isn't counted above: less than 1 KiB of each link, and what compiled code takes however many there are.
    expect(after.heap - before.heap).toBeLessThan(LINKS * KIB + 2 * KIB * KIB);
  },
  LINKS * 500 + 60_000,
);

async function allWays(transport: TransportName, count: number): Promise<void> {
  await swapped(transport, count);
  for (let done = 0; done < count; done += BATCH) {
    const batch = Math.min(BATCH, count - done);
    await closed(transport, batch);
    await cut(transport, batch);
    await frozen(transport, batch);
  }
  await nobodyIsLeft();
}

async function swapped(transport: TransportName, count: number): Promise<void> {
  await using client = await open(new URL(server.url), transport, 0);
  for (let swap = 0; swap < count; swap++) await client.session.swap(transport);
}

async function closed(transport: TransportName, count: number): Promise<void> {
  await close(await openAll(new URL(server.url), transport, count));
}

async function cut(transport: TransportName, count: number): Promise<void> {
  await using proxy = await startFaultProxy(server.port);
  const clients = await openAll(proxy.url, transport, count);
  const lost = clients.map((client) => client.link("lost"));
  await proxy.kill();
  await Promise.all(lost);
  await close(clients);
}

async function frozen(transport: TransportName, count: number): Promise<void> {
  await using proxy = await startFaultProxy(server.port);
  const clients = await openAll(proxy.url, transport, count);
  const lost = clients.map((client) => client.link("lost"));
  proxy.freeze();
  await Promise.all(lost);
  await close(clients);
}

function openAll(url: URL, transport: TransportName, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => open(url, transport, index)));
}

async function open(url: URL, transport: TransportName, index: number): Promise<Client> {
  const room = `room:r${index % ROOMS}`;
  const client = await Client.live(url, transport, {
    nick: `n${index % ROOMS}`,
    identity: "somebody-with-several-sessions",
    topics: { [room]: "now" },
    pollInterval: { min: 50, max: HEARTBEAT },
  });
  await client.session.publish(room, "hello");
  return client;
}

async function close(clients: readonly Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
}

/** The server knows of nobody any more. */
async function nobodyIsLeft(): Promise<void> {
  const known = async () => {
    const { links } = JSON.parse((await server.get("/healthz")).text) as { links: number };
    const { rooms } = JSON.parse((await server.get("/v1/rooms")).text) as {
      rooms: readonly { present: readonly string[] }[];
    };
    return { links, present: rooms.flatMap(({ present }) => present) };
  };
  await expect.poll(known, { timeout: 20_000 }).toEqual({ links: 0, present: [] });
}

interface Left {
  readonly objects: Readonly<Record<string, number>>;
  readonly handles: string[];
  readonly listeners: Readonly<Record<string, number>>;
  readonly heap: number;
}

/** What there is once nothing becomes less any more. */
async function left(): Promise<Left> {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  let last = Infinity;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gc();
    const { heapUsed } = process.memoryUsage();
    if (last - heapUsed < 16 * KIB) break;
    last = heapUsed;
  }
  const objects = Object.entries(COUNTED).map(([name, kind]) => [
    name,
    queryObjects(kind, { format: "count" }),
  ]);
  const listeners = process
    .eventNames()
    .map((event) => [String(event), process.listenerCount(event)]);
  return {
    objects: Object.fromEntries(objects),
    handles: openHandles(),
    listeners: Object.fromEntries(listeners),
    heap: process.memoryUsage().heapUsed,
  };
}
