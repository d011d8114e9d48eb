import { join } from "node:path";
import { expect, test } from "vitest";
import { Client, publishAll, texts } from "../client/support/client.ts";
import { serve } from "../client/support/server.ts";
import { type ServerProcess, spawnServer } from "../client/support/server-process.ts";
import { eventually, within } from "../client/support/wait.ts";
import { temporary } from "../server/folder.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy/proxy.ts";

/** The longest backoff, and the first verdict on a transport, and then some. */
const BACK_MS = 75_000;

const onWebSocket = ({ session }: Client) =>
  session.status.state === "live" && session.status.transport === "websocket";

// phoenix#6208, phoenix#5741: a restart pushes every client down to long polling for good.
test.concurrent("servers that are killed, slow to start and behind a proxy that answers 503 push nobody down for good", async () => {
  await using kept = new AsyncDisposableStack();
  const folder = kept.use(await temporary());
  const database = join(folder.path, "way-back.db");
  let server: ServerProcess = await spawnServer({ database });
  kept.defer(() => server.kill9());
  const { port } = server;
  const proxies = [
    kept.use(await startFaultProxy(port, { away: 503 })),
    // Accepts, and resets.
    kept.use(await startFaultProxy(port)),
  ];
  const urls = [server.url, ...proxies.map(({ url }) => url)];
  const clients = Array.from({ length: 24 }, (_, index) =>
    kept.use(new Client(urls[index % urls.length]!, "auto", { wait: true })),
  );
  for (const { session } of clients) session.start();
  await eventually("all on websocket", () => clients.every(onWebSocket), 20_000);
  const [first] = clients;
  const said = publishAll(first!.session, "m", 40);
  said.catch(() => {});
  for (let restart = 0; restart < 3; restart++) {
    // While links are opening: after the first few are live, or as soon as it listens.
    if (restart % 2 === 0)
      await eventually(
        "some to be live",
        () => clients.filter(({ session }) => session.status.state === "live").length > 4,
        30_000,
      );
    await server.kill9();
    // Away for as long as it takes half of them to try twice.
    const tries = clients.map(({ notices }) => notices.items.length);
    const tried = () =>
      clients.filter(({ notices }, index) => notices.items.length >= tries[index]! + 4).length;
    await eventually("tries in vain", () => tried() >= clients.length / 2, 30_000);
    server = await spawnServer({ database, port });
  }
  await within(30_000, "what was published meanwhile", said);
  const pushedDown = clients.filter(({ notices }) =>
    notices.items.some((n) => n.kind === "link" && n.transport !== "websocket"),
  ).length;
  process.stdout.write(`${pushedDown} of ${clients.length} were on another transport meanwhile\n`);
  await eventually("all back on websocket", () => clients.every(onWebSocket), BACK_MS);
  for (const client of clients) expect(await client.received(40)).toEqual(texts("m", 40));
}, 180_000);

// centrifuge-js#432: the choice is never revisited until reload.
test.concurrent("a session that was pushed down goes back by itself, make before break, once the path is whole", async () => {
  await using kept = new AsyncDisposableStack();
  const server = kept.use(await serve());
  const proxy = kept.use(await startFaultProxy(server.port));
  await proxy.inject({ kind: "answer", status: 403 }, { path: "/v1/websocket" });
  const client = kept.use(await Client.live(proxy.url, "auto"));
  expect(client.session.status.transport).toBe("sse");
  await proxy.heal();
  const saying = new AbortController();
  const said = (async () => {
    let count = 0;
    for (; !saying.signal.aborted; count++)
      await client.session.publish("room:lobby", `m${count + 1}`);
    return count;
  })();
  said.catch(() => {});
  const swap = await client.notices.first(
    "the way back",
    ({ kind }) => kind === "swap",
    0,
    BACK_MS,
  );
  saying.abort();
  const count = await said;
  expect(swap).toMatchObject({ from: "sse", to: "websocket", lost: 0 });
  expect(await client.received(count)).toEqual(texts("m", count));
  expect(client.kinds()).not.toContain("lost");
  // It wasn't the user's choice: auto is still auto.
  await proxy.inject({ kind: "answer", status: 403 }, { path: "/v1/websocket" });
  proxy.cut();
  await client.notices.first(
    "falling on",
    (notice) => notice.kind === "link" && notice.state === "live" && notice.transport === "sse",
    client.notices.items.indexOf(swap),
  );
}, 120_000);

// phoenix#6766, SignalR#4686, centrifuge-js#426: it opens, then dies behind an inspecting proxy; the client flaps for ever.
test.concurrent("where WebSocket opens and dies each time the session falls on, and a try now and then loses nothing", async () => {
  await using kept = new AsyncDisposableStack();
  const server = kept.use(await serve());
  const proxy = kept.use(await startFaultProxy(server.port));
  // Enough for the handshake and the replay; what comes after breaks it.
  await proxy.inject(
    { kind: "cut", how: "rst", direction: "down", after: 700 },
    { path: "/v1/websocket" },
  );
  const client = kept.use(new Client(proxy.url, "auto", { wait: true }));
  const other = kept.use(await Client.live(server.url, "websocket"));
  client.session.start();
  const saying = new AbortController();
  const said = (async () => {
    let count = 0;
    for (; !saying.signal.aborted; count++) {
      await other.session.publish("room:lobby", `m${count + 1}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return count;
  })();
  said.catch(() => {});
  const live = (transport: string, start = 0) =>
    client.notices.first(
      `a link over ${transport}`,
      (n) =>
        (n.kind === "link" && n.state === "live" && n.transport === transport) ||
        (n.kind === "swap" && n.to === transport),
      start,
      BACK_MS,
    );
  const down = await live("sse");
  // The try, its death, and falling on at once: one young death is enough now.
  const probe = await live("websocket", client.notices.items.indexOf(down));
  const again = await live("sse", client.notices.items.indexOf(probe));
  const between = client.notices.items
    .slice(client.notices.items.indexOf(probe), client.notices.items.indexOf(again))
    .filter((n) => n.kind === "link" && n.state === "lost");
  expect(between).toHaveLength(1);
  saying.abort();
  const count = await said;
  expect(await client.received(count)).toEqual(texts("m", count));
}, 120_000);

/** A session that was pushed down to SSE; what a proxy forbade isn't forbidden any more. */
async function pushedDown(kept: AsyncDisposableStack) {
  const server = kept.use(await serve());
  const proxy = kept.use(await startFaultProxy(server.port));
  await proxy.inject({ kind: "answer", status: 403 }, { path: "/v1/websocket" });
  const client = kept.use(await Client.live(proxy.url, "auto", { nick: "alice" }));
  expect(client.session.status.transport).toBe("sse");
  await proxy.heal();
  return { client, proxy };
}

/** Connections with such a request stay open, and nothing passes. */
const swallow = (proxy: FaultProxy, path: string) =>
  proxy.inject({ kind: "stall", direction: "both", after: 0 }, { path });

test.concurrent("a new nick doesn't wait for a better transport, and a try that comes to nothing is seen by nobody", async () => {
  await using kept = new AsyncDisposableStack();
  const { client, proxy } = await pushedDown(kept);
  await swallow(proxy, "/v1/websocket");
  const { session } = client;
  const trying = () => session.status.state === "swapping";
  await eventually("a try", trying, BACK_MS);
  await within(5_000, "the new nick", session.rename("alison"));
  expect(session.status).toMatchObject({ state: "live", transport: "sse", nick: "alison" });
  await eventually("another try", trying, BACK_MS);
  await eventually("its end", () => !trying(), 20_000);
  expect(session.status).toMatchObject({ state: "live", transport: "sse" });
  expect(client.kinds()).toEqual(["connecting", "waiting", "connecting", "topic", "live"]);
}, 120_000);

test.concurrent("a way back whose time comes while something else is tried isn't lost", async () => {
  await using kept = new AsyncDisposableStack();
  const { client, proxy } = await pushedDown(kept);
  await swallow(proxy, "/v1/polling");
  // For as long as the longest first verdict stands there is another swap on its way.
  const until = performance.now() + 31_000;
  while (performance.now() < until)
    await expect(client.session.swap("polling")).rejects.toThrow("nothing of use came");
  await eventually("the way back", () => onWebSocket(client), 20_000);
}, 120_000);
