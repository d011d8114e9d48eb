import { describe, expect, test } from "vitest";
import { ServerApi } from "../../src/client/api.ts";
import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import { Session } from "../../src/client/session.ts";
import { openWire } from "../../src/transports/shared/client/wire.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "./support/client.ts";
import { startFakeServer } from "./support/fake-server.ts";
import { serve } from "./support/server.ts";
import { eventually, within } from "./support/wait.ts";
import { keep } from "./support/keep.ts";

describe.each(TRANSPORTS)("a session over %s", (transport) => {
  test("connects, publishes, is acknowledged and hears itself", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, transport, { nick: "alice" }));
    const acked = await client.session.publish("room:lobby", "hello");
    expect(acked).toMatchObject({ topic: "room:lobby", offset: 1 });
    await client.received(1);
    expect(client.events()[0]).toMatchObject({
      topic: "room:lobby",
      offset: 1,
      from: "alice",
      body: { text: "hello" },
    });
    expect(client.session.status).toEqual({ state: "live", transport, nick: "alice", unacked: 0 });
    expect(client.kinds().slice(0, 3)).toEqual(["connecting", "topic", "live"]);
  });

  test("reads further topics while it is live, from where it is told, and misses nothing", async () => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "b", 30, "room:b");
    const reader = keep(await Client.live(url, transport, { topics: { "room:a": "beginning" } }));
    const publishing = Promise.all([
      publishAll(writer.session, "a", 200, "room:a"),
      publishAll(writer.session, "c", 200, "room:c"),
    ]);
    reader.session.subscribe("room:b", 10);
    reader.session.subscribe("room:c", "beginning");
    await publishing;
    expect(await reader.received(200, "room:a")).toEqual(texts("a", 200));
    expect(await reader.received(200, "room:c")).toEqual(texts("c", 200));
    expect(await reader.received(10, "room:b")).toEqual(texts("b", 30).slice(20));
    expect(reader.session.stats).toMatchObject({ swaps: 0, gaps: 0 });
  });

  test("stops reading a topic, and reads it anew", async () => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const reader = keep(
      await Client.live(url, transport, { topics: { "room:a": "now", "room:b": "now" } }),
    );
    reader.session.unsubscribe("room:a");
    await publishAll(writer.session, "a", 20, "room:a");
    await publishAll(writer.session, "b", 20, "room:b");
    await reader.received(20, "room:b");
    expect(reader.events("room:a")).toEqual([]);
    reader.session.subscribe("room:a", 5);
    expect(await reader.received(5, "room:a")).toEqual(texts("a", 20).slice(15));
    await publishAll(writer.session, "more", 3, "room:a");
    expect((await reader.received(8, "room:a")).slice(5)).toEqual(texts("more", 3));
  });

  test("is no longer there when it has stopped reading all", async () => {
    const { url } = keep(await serve());
    const client = keep(
      await Client.live(url, transport, { nick: "alice", topics: { "room:a": "now" } }),
    );
    const wire = keep(openWire(url));
    const present = async () =>
      (await new ServerApi(wire).rooms()).find(({ topic }) => topic === "room:a")?.present ?? [];
    expect(await present()).toEqual(["alice"]);
    client.session.unsubscribe("room:a");
    while ((await present()).length > 0);
    await client.session.publish("room:a", "still here to publish");
  });

  test("is renamed, and publishes under the new nick", async () => {
    const { url } = keep(await serve());
    const client = keep(
      await Client.live(url, transport, { nick: "alice", identity: "the-secret-of-alice" }),
    );
    await client.session.rename("alison");
    expect(client.session.status.nick).toBe("alison");
    await client.session.publish("room:lobby", "me");
    await client.received(1);
    expect(client.events()[0]?.from).toBe("alison");
    expect(client.session.stats.swaps).toBe(0);
  });

  test("keeps its nick when another is refused", async () => {
    const { url } = keep(await serve());
    keep(await Client.live(url, "websocket", { nick: "bob", identity: "the-secret-of-bob-1" }));
    const client = keep(
      await Client.live(url, transport, { nick: "alice", identity: "the-secret-of-alice" }),
    );
    await expect(client.session.rename("bob")).rejects.toMatchObject({
      failure: "refused",
      refusal: { code: "nick-taken", suggestion: "bob2" },
    });
    expect(client.session.status).toMatchObject({ state: "live", nick: "alice" });
    await client.session.publish("room:lobby", "me");
    await client.received(1);
    expect(client.events()[0]?.from).toBe("alice");
  });

  test("publishes what is as large as may be, many at once", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, transport));
    const bodies = Array.from({ length: 150 }, (_, index) => `${index}:`.padEnd(10_000, "\u0001"));
    await Promise.all(bodies.map((body) => client.session.publish("room:lobby", body)));
    expect(await client.received(150)).toEqual(bodies);
    expect(client.session.stats.reconnects).toBe(0);
  });

  test("tells of a publish that is refused for good, and goes on with the next", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, transport));
    const refused = client.session.publish("feed:market", { symbol: "ACME" });
    const kept = client.session.publish("room:lobby", "next");
    await expect(refused).rejects.toMatchObject({ code: "read-only" });
    await expect(kept).resolves.toMatchObject({ offset: 1 });
  });

  test("ends with what the server says when it is refused for good", async () => {
    const { url } = keep(await serve());
    keep(await Client.live(url, "websocket", { nick: "bob", identity: "the-secret-of-bob-1" }));
    const client = keep(
      new Client(url, transport, { nick: "bob", identity: "not-the-secret-of-bob" }),
    );
    client.session.start();
    expect((await client.link("closed")).reason).toContain("the nick bob is taken");
    expect(client.session.failure?.refusal?.suggestion).toBe("bob2");
    await expect(client.session.publish("room:lobby", "x")).rejects.toMatchObject({
      name: "LinkError",
    });
    await expect(client.session.swap("sse")).rejects.toMatchObject({ name: "LinkError" });
  });

  test("ends when nobody answers at the start, unless it is to wait", async () => {
    const server = await serve();
    await server.stop();
    const client = keep(new Client(server.url, transport));
    client.session.start();
    expect((await client.link("closed")).reason).toContain("no connection to the server");
    const patient = keep(new Client(server.url, transport, { wait: true }));
    patient.session.start();
    await patient.link("waiting");
    keep(await serve({ port: server.port }));
    await patient.link("live");
  });

  test("ends where the server speaks another version", async () => {
    const welcome = { kind: "welcome", version: 2, server: "zzzzz", time: 1, heartbeat: 15_000 };
    const { url } = keep(
      await startFakeServer({
        request: (request, response) => {
          const sse = request.url?.startsWith("/v1/sse");
          response.writeHead(200, {
            "content-type": sse ? "text/event-stream" : "application/x-ndjson",
          });
          if (sse) response.write(`data: ${JSON.stringify(welcome)}\n\n`);
          else response.end(`${JSON.stringify(welcome)}\n`);
        },
        websocket: (websocket) => websocket.send(JSON.stringify(welcome)),
      }),
    );
    const client = keep(new Client(url, transport, { wait: true }));
    client.session.start();
    expect((await client.link("closed")).reason).toContain("version 2");
  });
});

describe("a wrong", () => {
  test("topic, body or transport is told at once", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket"));
    expect(() => client.session.publish("lobby", "x")).toThrow(
      expect.objectContaining({ code: "bad-topic" }),
    );
    expect(() => client.session.publish("room:lobby", "x".repeat(17_000))).toThrow(
      expect.objectContaining({ code: "text-too-long" }),
    );
    expect(() => client.session.subscribe("lobby")).toThrow(
      expect.objectContaining({ code: "bad-topic" }),
    );
    await expect(client.session.rename("a b")).rejects.toMatchObject({ code: "bad-nick" });
    await expect(client.session.swap("pigeon" as "sse")).rejects.toThrow(
      "no such transport: pigeon",
    );
    expect(client.session.status.state).toBe("live");
  });

  test("number of topics is told at once", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket", { topics: {} }));
    for (let number = 1; number <= 64; number++) client.session.subscribe(`room:r${number}`);
    expect(() => client.session.subscribe("room:r65")).toThrow(
      expect.objectContaining({ code: "too-many-topics" }),
    );
    await publishAll(client.session, "m", 3, "room:r64");
    await eventually("all topics being read", () => client.session.status.state === "live");
    await within(
      10_000,
      "events of the last topic",
      (async () => {
        while (client.events("room:r64").length === 0) {
          await client.session.publish("room:r64", "again");
          await client.notices.until("something", () => true);
        }
      })(),
    );
  });

  test("transport isn't tried by auto where there is none", async () => {
    const { url } = keep(await serve());
    const wire = keep(openWire(url));
    const transports = new Map([["polling" as const, CLIENT_TRANSPORTS.get("polling")!]]);
    const session = keep(new Session({ wire, transports, topics: new Map() }));
    session.start();
    await eventually("being live", () => session.status.state === "live");
    expect(session.status.transport).toBe("polling");
  });
});
