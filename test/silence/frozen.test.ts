// Half-open links: nothing passes any more, in one direction or in both, and nobody is told. graphql-ws#117: half-open TCP goes unnoticed.
import { afterEach, describe, expect, test } from "vitest";
import { TRANSPORTS, type TransportName } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import type { EventStream } from "../server/link.ts";
import { start, type TestServer } from "../server/support.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { Heartbeats } from "./heartbeats.ts";

const HEARTBEAT = 500;
/** Two, and what a loaded machine may add. A third one would be noticed. */
const BOUND = 2.5;

interface Path {
  readonly server: TestServer;
  readonly proxy: FaultProxy;
  readonly client: Client;
  /** Reads beside the proxy. */
  readonly witness: EventStream;
}

const using: Disposable[] = [];
afterEach(() => {
  for (const resource of using.splice(0)) resource[Symbol.dispose]();
});

async function setUp(transport: TransportName): Promise<Path> {
  const server = keep(await start({ heartbeat: HEARTBEAT }));
  const proxy = keep(await startFaultProxy(server.port));
  const client = keep(
    await Client.live(proxy.url, transport, { nick: "frozen", pingInterval: HEARTBEAT / 4 }),
  );
  const witness = await server.websocket("topic=who:lobby&topic=room:lobby&since=beginning");
  await isHere(witness, true);
  await publishAll(client.session, "before ", 3);
  return { server, proxy, client, witness };
}

function isHere(witness: EventStream, here: boolean): Promise<void> {
  const said = () => witness.events.findLast(({ topic }) => topic === "who:lobby")?.body;
  return witness.until(
    () => (said() as { here?: boolean } | undefined)?.here === here,
    `the client being ${here ? "here" : "gone"}`,
  );
}

function heartbeats(): Heartbeats {
  const counter = new Heartbeats(HEARTBEAT);
  using.push(counter);
  return counter;
}

async function linksBut({ server }: Path, others: number): Promise<void> {
  for (;;) {
    const { links } = JSON.parse((await server.get("/healthz")).text) as { links: number };
    if (links <= others) return;
  }
}

async function askOnce({ wire }: Client): Promise<void> {
  const { body } = await wire.pool.request({ method: "GET", path: "/healthz" });
  await body.dump();
}

describe.each(TRANSPORTS)("%s", (transport) => {
  test.each(["both", "down", "up"] as const)(
    "a path frozen in the direction: %s",
    async (direction) => {
      const path = await setUp(transport);
      const { proxy, client, witness } = path;
      const before = client.notices.items.length;
      const gone = heartbeats();
      await proxy.inject({ kind: "stall", direction, after: 0 });
      const published = publishAll(client.session, "frozen ", 3);
      published.catch(() => {});
      const lost = client.link("lost", before).then(() => gone.count);
      // The server hears of the client for as long as something comes up; then it counts from there.
      const forgotten = linksBut(path, 1).then(() => gone.count);
      const left = isHere(witness, false).then(() => gone.count);
      expect(await lost).toBeLessThan(BOUND);
      expect(await forgotten).toBeLessThan(direction === "down" ? 2 * BOUND : BOUND);
      // A poll that is being waited for is a sign of life as long as it is.
      expect(await left).toBeLessThan(direction === "down" ? 2 * BOUND : BOUND);

      await proxy.heal();
      await published;
      await client.received(6);
      expect(client.texts()).toEqual([...texts("before ", 3), ...texts("frozen ", 3)]);
      await witness.until(
        () => witness.events.filter(({ topic }) => topic === "room:lobby").length === 6,
        "each once",
      );
      expect(client.session.stats).toMatchObject({ gaps: 0 });
    },
  );

  test("what was open stays frozen for good, and new connections are fine", async () => {
    const { proxy, client } = await setUp(transport);
    // Some that wait to be used again.
    await Promise.all(Array.from({ length: 4 }, () => askOnce(client)));
    const before = client.notices.items.length;
    await proxy.inject({ kind: "stall", direction: "both", after: 0 }, { on: "open" });
    const published = publishAll(client.session, "frozen ", 3);
    published.catch(() => {});
    await client.link("lost", before);
    await client.link("live", before);
    await published;
    expect(client.reasons("lost").length).toBe(1);
    expect(client.reasons("waiting").length).toBe(1);
  });
});

test.each(TRANSPORTS.filter((transport) => transport !== "websocket"))(
  "%s: one publish that isn't answered, while all else is fine",
  async (transport) => {
    const { proxy, client } = await setUp(transport);
    const before = client.notices.items.length;
    const gone = heartbeats();
    await proxy.inject({ kind: "silent" }, { path: "/v1/publish", times: 1 });
    const published = publishAll(client.session, "frozen ", 3);
    published.catch(() => {});
    await client.link("lost", before);
    expect(gone.count).toBeLessThan(BOUND);
    await published;
    await client.received(6);
    expect(client.texts()).toEqual([...texts("before ", 3), ...texts("frozen ", 3)]);
  },
);
