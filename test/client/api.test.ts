import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { ServerApi } from "../../src/client/api.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { temporary } from "../server/folder.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { Client, publishAll, texts } from "./support/client.ts";
import { keep } from "./support/keep.ts";
import { serve } from "./support/server.ts";

// mercure#648: streams use up the connections that a client may have to a host.
test.each(TRANSPORTS)(
  "requests that hang beside a session over %s leave it the connections that it needs",
  async (transport) => {
    const { port } = keep(await serve({ heartbeat: 1_000 }));
    const proxy = keep(await startFaultProxy(port));
    await proxy.inject({ kind: "silent" }, { path: "/v1/history" });
    const client = keep(await Client.live(proxy.url, transport));
    const api = new ServerApi(client.wire);
    const pages = Promise.allSettled(Array.from({ length: 30 }, () => api.history("room:lobby")));
    for (const to of [...TRANSPORTS, transport]) {
      await client.session.swap(to);
      await publishAll(client.session, `over ${to} `, 10);
    }
    const wanted = [...TRANSPORTS, transport].flatMap((to) => texts(`over ${to} `, 10));
    expect(await client.received(wanted.length)).toEqual(wanted);
    expect(client.session.stats.reconnects).toBe(0);
    await client.close();
    for (const page of await pages) expect(page).toMatchObject({ status: "rejected" });
  },
);

test("requests that waited for their turn get it", async () => {
  const { url } = keep(await serve());
  const client = keep(await Client.live(url, "sse"));
  await publishAll(client.session, "m", 5);
  const api = new ServerApi(client.wire);
  const pages = await Promise.all(Array.from({ length: 30 }, () => api.history("room:lobby")));
  for (const { events } of pages) expect(events).toHaveLength(5);
});

test("a server that can't keep anything now is a server all the same", async () => {
  await using folder = await temporary();
  const { url } = keep(await serve({ database: folder.file }));
  const { wire } = keep(await Client.live(url, "websocket"));
  using other = new DatabaseSync(folder.file);
  other.exec("BEGIN IMMEDIATE");
  expect((await wire.pool.request({ method: "GET", path: "/healthz" })).statusCode).toBe(503);
  expect(await new ServerApi(wire).health()).toEqual({ version: "0.0.0-test" });
  other.exec("ROLLBACK");
});
