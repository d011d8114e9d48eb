import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SwapNotice } from "../../src/client/events.ts";
import { type TransportName, TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "./support/client.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { serve } from "./support/server.ts";
import { keep } from "./support/keep.ts";

/** A proxy that forbids this transport. */
async function forbidding(port: number, transport: TransportName): Promise<FaultProxy> {
  const proxy = keep(await startFaultProxy(port));
  await proxy.inject({ kind: "answer", status: 403 }, { path: `/v1/${transport}?` });
  return proxy;
}

/** A walk over all pairs of transports, each to itself as well, that takes `length` steps. */
function walk(length: number, random: () => number): TransportName[] {
  const left = new Map<TransportName, TransportName[]>();
  const path: TransportName[] = [];
  let at: TransportName = "websocket";
  while (path.length < length) {
    // What has been left least often, in a random order.
    let open = left.get(at);
    if (!open || open.length === 0)
      left.set(at, (open = TRANSPORTS.toSorted(() => random() - 0.5)));
    at = open.shift()!;
    path.push(at);
  }
  return path;
}

describe("a swap", () => {
  test("happens 100 times, between all transports, while three publish: each event comes once and in order", async () => {
    const SWAPS = 100;
    const PER_SWAP = 12;
    const [seed] = fc.sample(fc.integer(), 1) as [number];
    const random = mulberry(seed);
    const { url } = keep(await serve());
    const reader = keep(await Client.live(url, "websocket"));
    const writers = await Promise.all(
      (["websocket", "long-polling", "polling"] as const).map(async (transport, index) => {
        return {
          client: keep(await Client.live(url, transport, { topics: {} })),
          prefix: "abc"[index]!,
        };
      }),
    );
    // Each publishes for as long as it takes, and keeps to what is read.
    const reading = new AbortController();
    const counts = writers.map(() => 0);
    const publishing = writers.map(async ({ client, prefix }, index) => {
      while (!reading.signal.aborted) {
        const batch = Array.from(
          { length: 1 + Math.floor(random() * 4) },
          () => `${prefix}${++counts[index]!}`,
        );
        await Promise.all(batch.map((text) => client.session.publish("room:lobby", text)));
      }
    });
    const swaps: SwapNotice[] = [];
    for (const to of walk(SWAPS, random)) {
      swaps.push(await reader.session.swap(to));
      await reader.received(reader.events().length + Math.floor(random() * PER_SWAP));
    }
    reading.abort();
    await Promise.all(publishing);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const received = await reader.received(total);

    expect({ seed, offsets: reader.events().map(({ offset }) => offset) }).toEqual({
      seed,
      offsets: Array.from({ length: total }, (_, index) => index + 1),
    });
    for (const [index, { prefix }] of writers.entries()) {
      expect(received.filter((text) => text.startsWith(prefix))).toEqual(
        texts(prefix, counts[index]!),
      );
    }
    expect(swaps).toHaveLength(SWAPS);
    expect(new Set(swaps.map(({ from, to }) => `${from} ${to}`)).size).toBe(16);
    for (const swap of swaps) expect(swap).toMatchObject({ kind: "swap", lost: 0 });
    expect(reader.session.stats).toMatchObject({
      swaps: SWAPS,
      gaps: 0,
      reconnects: 0,
      messages: total,
    });
    expect(swaps.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBeLessThanOrEqual(
      reader.session.stats.duplicatesDropped,
    );
  });

  test("happens while it publishes itself, and everything is in the log once and in order", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket"));
    const publishing = publishAll(client.session, "m", 400);
    for (const to of [...TRANSPORTS, ...TRANSPORTS].toReversed()) await client.session.swap(to);
    await publishing;
    expect(await client.received(400)).toEqual(texts("m", 400));
    expect(client.session.stats.reconnects).toBe(0);
  });

  test("is measured, told and returned", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "sse"));
    const swap = await client.session.swap("polling");
    expect(swap).toMatchObject({
      kind: "swap",
      from: "sse",
      to: "polling",
      held: 0,
      duplicates: 0,
      lost: 0,
    });
    expect(client.notices.items).toContain(swap);
    expect(client.session.status.transport).toBe("polling");
    expect(client.session.stats).toMatchObject({ transport: "polling", swaps: 1, reconnects: 0 });
    expect([...client.session.figures.keys()]).toEqual(["sse", "polling"]);
  });

  test("tells what was lost meanwhile", async () => {
    const { url } = keep(await serve({ retain: 100 }));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "m", 10);
    const client = keep(
      await Client.live(url, "polling", { pollInterval: { min: 60_000, max: 60_000 } }),
    );
    await client.received(10);
    await publishAll(writer.session, "n", 500);
    const swap = await client.session.swap("websocket");
    const gap = client.notices.items.find((notice) => notice.kind === "gap");
    expect(gap).toMatchObject({ topic: "room:lobby", from: 11, reason: "trimmed" });
    expect(swap.lost).toBe(gap!.to! - 10);
    await client.received(10 + 500 - swap.lost);
    expect(client.texts().at(-1)).toBe("n500");
  });

  test.each(TRANSPORTS)(
    "that a proxy doesn't let through to %s leaves the old link as it is, and says why",
    async (to) => {
      const { port, url } = keep(await serve());
      const { url: through } = await forbidding(port, to);
      const from = to === "sse" ? "websocket" : "sse";
      const client = keep(await Client.live(through, from));
      const writer = keep(await Client.live(url, "websocket", { topics: {} }));
      await expect(client.session.swap(to)).rejects.toMatchObject({ failure: "blocked" });
      expect(await client.link("failed")).toMatchObject({
        transport: to,
        reason: expect.stringContaining("got status 403"),
      });
      expect(client.session.status).toMatchObject({ state: "live", transport: from });
      expect(client.session.stats).toMatchObject({ swaps: 0, reconnects: 0 });
      await publishAll(writer.session, "m", 5);
      expect(await client.received(5)).toEqual(texts("m", 5));
      // Nor does it decide what is used after the old link has gone.
      await client.session.swap(from);
    },
  );

  test("that fails doesn't change what is reconnected with", async () => {
    const { port } = keep(await serve());
    const proxy = await forbidding(port, "polling");
    const client = keep(await Client.live(proxy.url, "sse"));
    await expect(client.session.swap("polling")).rejects.toThrow();
    const start = client.notices.items.length;
    proxy.cut();
    expect(await client.link("live", start)).toMatchObject({ transport: "sse" });
  });

  test("takes the place of one that is on its way", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket"));
    const first = client.session.swap("sse");
    const second = client.session.swap("polling");
    await expect(first).rejects.toMatchObject({
      name: "LinkError",
      message: "another swap took its place",
    });
    expect(await second).toMatchObject({ from: "websocket", to: "polling" });
    await publishAll(client.session, "m", 5);
    expect(await client.received(5)).toEqual(texts("m", 5));
    expect(client.session.stats.swaps).toBe(1);
  });

  test("and a new nick and new topics on their way at once are all done", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket", { nick: "alice" }));
    const renamed = client.session.rename("alison");
    client.session.subscribe("room:b", "beginning");
    const swapped = client.session.swap("sse");
    client.session.subscribe("room:c", "beginning");
    await renamed;
    expect(await swapped).toMatchObject({ from: "websocket", to: "sse" });
    expect(client.session.status).toMatchObject({ transport: "sse", nick: "alison" });
    for (const topic of ["room:b", "room:c"]) {
      await client.session.publish(topic, "hello");
      await client.received(1, topic);
      expect(client.events(topic)[0]?.from).toBe("alison");
    }
  });

  test("goes on alone when the old link dies under it", async () => {
    const { port, url } = keep(await serve());
    const dying = keep(await startFaultProxy(port));
    const client = keep(await Client.live(dying.url, "websocket"));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    for (const to of ["sse", "polling", "long-polling", "websocket"] as const) {
      const swapping = client.session.swap(to);
      dying.cut();
      // It may have been on its way already, and have died as well.
      await swapping.catch(() => undefined);
      await publishAll(writer.session, to, 3);
      await client.notices.first(
        "the last one",
        (notice) => notice.kind === "event" && JSON.stringify(notice.body).includes(`${to}3`),
      );
    }
    expect(client.events().map(({ offset }) => offset)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
  });

  test("while there is no link is what is connected with next", async () => {
    const { port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const client = keep(await Client.live(proxy.url, "websocket"));
    await proxy.kill();
    await client.link("waiting");
    await proxy.heal();
    const swap = await client.session.swap("polling");
    expect(swap.to).toBe("polling");
    expect(client.session.status).toMatchObject({ state: "live", transport: "polling" });
  });

  test("while nobody answers fails, and is the choice for when somebody does", async () => {
    const { port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const client = keep(await Client.live(proxy.url, "websocket"));
    await proxy.kill();
    await client.link("waiting");
    await expect(client.session.swap("polling")).rejects.toMatchObject({ failure: "unreachable" });
    const start = client.notices.items.length;
    await proxy.heal();
    expect(await client.link("live", start)).toMatchObject({ transport: "polling" });
  });

  test("before the start is where it starts", async () => {
    const { url } = keep(await serve());
    const client = keep(new Client(url, "websocket"));
    const swapped = client.session.swap("sse");
    client.session.start();
    await swapped;
    expect(client.session.status.transport).toBe("sse");
    expect(
      client.notices.items
        .filter((notice) => notice.kind === "link")
        .map(({ transport }) => transport),
    ).toEqual(["sse", "sse"]);
  });
});

/** A small generator of numbers from 0 to 1 that can be seeded. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
