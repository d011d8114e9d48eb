// Somebody accepts the connection and says nothing: a link that opens is given up after 10 s, over each transport.
import { expect, test } from "vitest";
import { LinkError, TRANSPORTS, type TransportName } from "../../src/transports/transport.ts";
import { Client, publishAll } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { Heartbeats } from "./heartbeats.ts";

/** How long a link may take to open, in ms. */
const OPEN_MS = 10_000;
/** What a loaded machine may add: half of it. */
const BOUND = 1.5;

test("at the start: it is tried again, and comes once somebody answers", async () => {
  const { port } = keep(await serve());
  const opens = async (transport: TransportName) => {
    const proxy = keep(await startFaultProxy(port));
    await proxy.inject({ kind: "silent" });
    using tens = new Heartbeats(OPEN_MS);
    const client = keep(new Client(proxy.url, transport, { wait: true }));
    client.session.start();
    expect((await client.link("waiting")).reason).toMatch(/nothing|no answer|timed out/);
    expect(tens.count).toBeLessThan(BOUND);
    await proxy.heal();
    await client.link("live");
  };
  await Promise.all(TRANSPORTS.map(opens));
}, 60_000);

test("of a swap: the old link goes on as if nothing had been asked", async () => {
  const { port } = keep(await serve());
  const swaps = async (to: TransportName) => {
    const proxy = keep(await startFaultProxy(port));
    const from = to === "websocket" ? "sse" : "websocket";
    const client = keep(await Client.live(proxy.url, from, { topics: { [`room:${to}`]: "now" } }));
    // A request over HTTP would find a connection that is open.
    client.wire.renew();
    const scope = to === "websocket" ? { path: "/v1/websocket" } : ({ on: "new" } as const);
    await proxy.inject({ kind: "silent" }, scope);
    using tens = new Heartbeats(OPEN_MS);
    const swap = client.session.swap(to);
    swap.catch(() => {});
    await publishAll(client.session, "m", 10, `room:${to}`);
    await client.received(10, `room:${to}`);
    await expect(swap).rejects.toThrow(LinkError);
    expect(tens.count).toBeLessThan(BOUND);
    expect(client.session.status).toMatchObject({ state: "live", transport: from });
    expect(client.reasons("lost")).toEqual([]);
    await publishAll(client.session, "n", 10, `room:${to}`);
    await client.received(20, `room:${to}`);
  };
  await Promise.all(TRANSPORTS.map(swaps));
}, 60_000);
