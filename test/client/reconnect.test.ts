import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OUTBOX_LIMIT } from "../../src/client/outbox.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "./support/client.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { fullListener } from "./support/full-listener.ts";
import { serve } from "./support/server.ts";
import { spawnServer } from "./support/server-process.ts";
import { keep } from "./support/keep.ts";

/** The name of a database file that goes with the test. */
function database(): string {
  const folder = mkdtempSync(join(tmpdir(), "backchat-test-"));
  keep({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) });
  return join(folder, "test.db");
}

describe("a server that is killed and started again on its file", () => {
  test("has everything that was acknowledged once, each producer's in its order, and all of it in the end", async () => {
    const file = database();
    const first = keep(await spawnServer({ database: file }));
    // Clients keep their address while servers come and go behind it.
    let server = first;
    const clients = await Promise.all(
      TRANSPORTS.map(async (transport) =>
        keep(await Client.live(first.url, transport, { topics: {} })),
      ),
    );
    const reader = keep(await Client.live(first.url, "sse"));
    const PER_CLIENT = 300;
    const acked: string[][] = clients.map(() => []);
    const publishing = clients.map(async ({ session }, index) => {
      for (let number = 1; number <= PER_CLIENT; number += 10) {
        const batch = texts("", 10).map((text) => `${index}-${number + Number(text) - 1}`);
        await Promise.all(
          batch.map(async (text) => {
            await session.publish("room:lobby", text);
            acked[index]!.push(text);
          }),
        );
      }
    });
    for (const enough of [100, 300]) {
      await reader.received(enough);
      await server.kill9();
      server = keep(await spawnServer({ database: file, port: first.port }));
    }
    await Promise.all(publishing);

    const total = PER_CLIENT * clients.length;
    const received = await reader.received(total);
    expect(reader.events().map(({ offset }) => offset)).toEqual(
      Array.from({ length: total }, (_, index) => index + 1),
    );
    for (const index of clients.keys()) {
      const own = Array.from({ length: PER_CLIENT }, (_, number) => `${index}-${number + 1}`);
      expect(received.filter((text) => text.startsWith(`${index}-`))).toEqual(own);
      expect(acked[index]!.toSorted()).toEqual(own.toSorted());
    }
    expect(reader.session.stats).toMatchObject({ gaps: 0 });
    expect(reader.session.stats.reconnects).toBeGreaterThan(0);
  }, 60_000);
});

describe.each(TRANSPORTS)("a session over %s", (transport) => {
  test("goes on where it was when the connection comes back", async () => {
    const { port, url } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const client = keep(await Client.live(proxy.url, transport));
    await publishAll(writer.session, "a", 5);
    await client.received(5);
    await proxy.kill();
    await client.link("lost");
    await publishAll(writer.session, "b", 50);
    await proxy.heal();
    expect(await client.received(55)).toEqual([...texts("a", 5), ...texts("b", 50)]);
    expect(client.session.stats).toMatchObject({ reconnects: 1, gaps: 0, duplicatesDropped: 0 });
  });

  test("keeps what is published meanwhile, and brings it in order", async () => {
    const { port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const client = keep(await Client.live(proxy.url, transport));
    await proxy.kill();
    await client.link("waiting");
    const published = publishAllAtOnce(client, 1_000);
    expect(client.session.status.unacked).toBe(1_000);
    await proxy.heal();
    const acks = await published;
    expect(acks.map(({ offset }) => offset)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => index + 1),
    );
    expect(await client.received(1_000)).toEqual(texts("m", 1_000));
    expect(client.session.status.unacked).toBe(0);
  });

  test("numbers anew for a server that has forgotten everything, and sends all that waits", async () => {
    const first = await serve();
    const client = keep(await Client.live(first.url, transport));
    await publishAll(client.session, "old", 5);
    await client.received(5);
    const middle = client.notices.items.length;
    await first.stop();
    await client.link("waiting", middle);
    const published = publishAllAtOnce(client, 300);
    keep(await serve({ port: first.port }));
    const acks = await published;
    expect(acks.map(({ offset }) => offset)).toEqual(
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    const received = await client.received(305);
    expect(received.slice(5)).toEqual(texts("m", 300));
    expect(client.notices.items.filter(({ kind }) => kind === "gap")).toEqual([
      { kind: "gap", topic: "room:lobby", from: 6, to: null, reason: "epoch" },
    ]);
  });

  test("doesn't come back before the server's floor", async () => {
    const server = await serve();
    const client = keep(await Client.live(server.url, transport));
    await publishAll(client.session, "m", 1);
    await client.received(1);
    await server.stop();
    const { reason } = await client.link("lost");
    const { ms } = await client.link("waiting");
    // A poll may find the server gone already; the others are told.
    if (reason === "the server is stopping") expect(ms).toBeGreaterThan(0);
    else expect(transport).toMatch(/polling/);
    expect(client.kinds().slice(-2)).toEqual(["lost", "waiting"]);
  });

  test("notices within two heartbeats that nothing comes any more, and goes on when it does", async () => {
    const HEARTBEAT = 500;
    const { port, url } = keep(await serve({ heartbeat: HEARTBEAT }));
    const proxy = keep(await startFaultProxy(port));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const client = keep(await Client.live(proxy.url, transport));
    await publishAll(writer.session, "a", 3);
    await client.received(3);
    proxy.freeze();
    const frozen = performance.now();
    const lost = await client.link("lost");
    const noticed = performance.now() - frozen;
    expect(lost.reason).toMatch(/^nothing came for|^no answer came within/);
    // Counted from the last sign of life, which came before; beyond it only what a loaded machine adds.
    expect(noticed).toBeLessThan(2 * HEARTBEAT + 4_000);
    await publishAll(writer.session, "b", 3);
    await proxy.heal();
    proxy.cut();
    expect(await client.received(6)).toEqual([...texts("a", 3), ...texts("b", 3)]);
    expect(client.session.stats.gaps).toBe(0);
  });

  test("stays as long as nothing happens, also where polls would be rarer than heartbeats", async () => {
    const { url } = keep(await serve({ heartbeat: 600 }));
    const options = { pollInterval: { min: 500, max: 4_000 }, pingInterval: 150 };
    const client = keep(await Client.live(url, transport, options));
    const writer = keep(await Client.live(url, transport, { ...options, topics: {} }));
    // Four heartbeats of silence; then an event.
    await new Promise((resolve) => setTimeout(resolve, 2_400));
    await publishAll(writer.session, "m", 1);
    await client.received(1);
    expect([...client.reasons("lost"), ...writer.reasons("lost")]).toEqual([]);
  });
});

describe("auto", () => {
  test("falls back to what a path carries", async () => {
    const { port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    for (const blocked of ["websocket", "sse"]) {
      await proxy.inject({ kind: "answer", status: 403 }, { path: `/v1/${blocked}?` });
    }
    const client = keep(await Client.live(proxy.url, "auto", { wait: true }));
    expect(client.session.status.transport).toBe("long-polling");
    await publishAll(client.session, "m", 5);
    expect(await client.received(5)).toEqual(texts("m", 5));
  });

  // The Wi-Fi is gone for a while: that is nobody's silence.
  test("doesn't blame a transport for packets that are lost on the way", async () => {
    const { url } = keep(await fullListener());
    const clients = (["auto", "sse"] as const).map((transport) =>
      keep(new Client(url, transport, { wait: true })),
    );
    for (const { session } of clients) session.start();
    const reason = "no connection to the server (ETIMEDOUT)";
    const [auto, sse] = await Promise.all(clients.map((client) => client.link("waiting")));
    expect(auto).toMatchObject({ transport: "websocket", reason });
    expect(sse).toMatchObject({ transport: "sse", reason });
  });

  test("stays where it was through restarts", async () => {
    let server = await serve();
    const { port } = server;
    const client = keep(await Client.live(server.url, "auto"));
    for (let restart = 0; restart < 3; restart++) {
      const start = client.notices.items.length;
      await server.stop();
      await client.link("lost", start);
      server = await serve({ port });
      expect(await client.link("live", start)).toMatchObject({ transport: "websocket" });
    }
    await server.stop();
  }, 60_000);
});

describe("an outbox", () => {
  test("takes no more than it may hold, and says so", async () => {
    const server = await serve();
    await server.stop();
    const client = keep(new Client(server.url, "websocket", { wait: true }));
    client.session.start();
    for (let count = 0; count < OUTBOX_LIMIT; count++)
      client.session.publish("room:lobby", "x").catch(() => {});
    expect(() => client.session.publish("room:lobby", "x")).toThrow(/10000 messages wait/);
  });
});

function publishAllAtOnce({ session }: Client, count: number) {
  return Promise.all(texts("m", count).map((text) => session.publish("room:lobby", text)));
}
