// The way that events come is swallowed, while what is posted beside it is answered: that proves nothing about the link.
import { expect, test } from "vitest";
import { Client, publishAll, texts } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";

test.each(["sse", "long-polling", "polling"] as const)(
  "a link over %s whose answers stay away is given up, however well its pings are answered",
  async (transport) => {
    const { port, url } = keep(await serve({ heartbeat: 500 }));
    const proxy = keep(await startFaultProxy(port));
    const path = `/v1/${transport}?`;
    // Enough for it to be live; then nothing more comes on this connection.
    await proxy.inject({ kind: "stall", direction: "down", after: 3_000 }, { path });
    const client = keep(await Client.live(proxy.url, transport, { pingInterval: 50, wait: true }));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "m", 300);
    const { reason } = await client.link("lost");
    expect(reason).toMatch(/^nothing came for|^no answer came/);
    await proxy.heal();
    expect(await client.received(300)).toEqual(texts("m", 300));
    expect(client.session.stats.gaps).toBe(0);
  },
);
