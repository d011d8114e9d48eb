import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { nothingMoreThan, openHandles } from "../transports/support/handles.ts";
import { Client, publishAll } from "./support/client.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { serve } from "./support/server.ts";
import { eventually } from "./support/wait.ts";

const ROUNDS = 50;

describe.each(TRANSPORTS)("%s", (transport) => {
  test(`leaves nothing open after ${ROUNDS} sessions`, async () => {
    await using server = await serve();
    const before = openHandles();
    for (let round = 0; round < ROUNDS; round++) {
      const client = await Client.live(server.url, transport, { nick: `n${round}` });
      await publishAll(client.session, "m", 3);
      await client.close();
    }
    await nothingMoreThan(before);
  });

  test(`leaves nothing open after ${ROUNDS} swaps, relinks and losses`, async () => {
    await using server = await serve();
    const before = openHandles();
    {
      await using proxy = await startFaultProxy(server.port);
      await using client = await Client.live(proxy.url, transport);
      for (let round = 0; round < ROUNDS; round++) {
        await client.session.swap(transport);
        client.session.subscribe(`room:r${round % 5}`);
        client.session.unsubscribe(`room:r${(round + 3) % 5}`);
        await client.session.publish("room:lobby", "x");
      }
      proxy.cut();
      await client.session.publish("room:lobby", "y");
      await client.received(ROUNDS + 1);
      // The links that were replaced are gone: what is left is the link in use and connections that are kept for the next request.
      await eventually("the old connections being gone", () => proxy.open <= 8);
    }
    await nothingMoreThan(before);
  });

  test("leaves no listener on the signal of a link that lives long", async () => {
    await using server = await serve();
    const signals = new Set<AbortSignal>();
    const { addEventListener } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (
      ...args: Parameters<typeof addEventListener>
    ) {
      if (this instanceof AbortSignal) signals.add(this);
      return addEventListener.apply(this, args);
    };
    try {
      await using client = await Client.live(server.url, transport, { pingInterval: 10 });
      for (let round = 0; round < 100; round++) await client.session.publish("room:lobby", "x");
      await client.received(100);
      for (const signal of signals)
        expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(5);
    } finally {
      EventTarget.prototype.addEventListener = addEventListener;
    }
  });
});
