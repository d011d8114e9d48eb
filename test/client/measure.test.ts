import { afterEach, describe, expect, test, vi } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { Client, publishAll } from "./support/client.ts";
import { serve } from "./support/server.ts";
import { spawnServer } from "./support/server-process.ts";
import { eventually } from "./support/wait.ts";
import { keep } from "./support/keep.ts";

afterEach(() => vi.restoreAllMocks());

describe("round trips", () => {
  test("are measured through the path: polling's show its pauses", async () => {
    const { url } = keep(await serve());
    const options = { pingInterval: 30, pollInterval: { min: 150, max: 150 } };
    const client = keep(await Client.live(url, "websocket", options));
    await eventually("some pongs", () => client.session.roundTrips.length >= 10);
    await client.session.swap("polling");
    await eventually(
      "some more",
      () => (client.session.figures.get("polling")?.rttMs.p95 ?? 0) > 100,
    );
    const of = (transport: "websocket" | "polling") =>
      client.session.figures.get(transport)!.rttMs.p50!;
    expect(of("polling")).toBeGreaterThan(5 * of("websocket"));
    // One by one, the newest last; at most so many.
    expect(client.session.roundTrips.length).toBeLessThanOrEqual(16);
  });
});

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("delivery is timed rightly by a clock that is off", async () => {
    const server = keep(await spawnServer());
    const writer = keep(await Client.live(server.url, "websocket", { topics: {} }));
    const OFF = 3_600_000;
    const clock = Date.now;
    vi.spyOn(Date, "now").mockImplementation(() => clock() + OFF);
    const client = keep(await Client.live(server.url, transport, { pingInterval: 50 }));
    await eventually("a pong", () => client.session.roundTrips.length >= 3);
    await publishAll(writer.session, "m", 20);
    await client.received(20);
    const { p50, p95 } = client.session.stats.deliveryMs;
    expect(p50).toBeGreaterThanOrEqual(0);
    expect(p95).toBeLessThan(OFF / 1_000);
    // The clock is set while the session runs.
    vi.spyOn(Date, "now").mockImplementation(() => clock() - OFF);
    const before = client.session.roundTrips.at(-1);
    await eventually("another pong", () => client.session.roundTrips.at(-1) !== before);
    await eventually("one more", () => client.session.roundTrips.at(-1) !== before);
    await publishAll(writer.session, "n", 256);
    await client.received(276);
    expect(client.session.stats.deliveryMs.p95).toBeLessThan(OFF / 1_000);
  });

  test("what was there before isn't counted as slow delivery", async () => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "m", 50);
    const client = keep(await Client.live(url, transport));
    await client.received(50);
    expect(client.session.stats).toMatchObject({
      messages: 50,
      deliveryMs: { p50: null, p95: null },
    });
  });

  test("all bytes of a session are counted, and each is some transport's", async () => {
    const { port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const client = new Client(new URL(`http://127.0.0.1:${proxy.port}`), "websocket", {
      nick: "counter",
    });
    client.session.start();
    await client.link("live");
    await publishAll(client.session, "a", 50);
    await client.received(50);
    await client.session.swap(transport);
    await publishAll(client.session, "b", 50);
    await client.received(100);
    await client.close();
    const { stats, figures } = client.session;
    await eventually("the same bytes at the proxy", () => proxy.up >= stats.bytesUp);
    expect(stats.bytesUp).toBe(proxy.up);
    // A stream that is dropped may leave something on its way.
    expect(stats.bytesDown).toBeLessThanOrEqual(proxy.down);
    expect(proxy.down - stats.bytesDown).toBeLessThan(500);
    const sum = (pick: "bytesDown" | "bytesUp") =>
      [...figures.values()].reduce((total, one) => total + one[pick], 0);
    expect(sum("bytesDown")).toBe(stats.bytesDown);
    expect(sum("bytesUp")).toBe(stats.bytesUp);
    expect(stats.bytesPerMessageDown).toBeCloseTo(stats.bytesDown / 100, 0);
  });
});
