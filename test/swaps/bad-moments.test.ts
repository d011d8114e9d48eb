// Swaps at moments when nobody would wish for one.
import { describe, expect, test } from "vitest";
import { type TransportName, TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "../client/support/client.ts";
import { serve } from "../client/support/server.ts";
import { within } from "../client/support/wait.ts";
import { temporary } from "../server/folder.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";

/** A server, a path to it that misbehaves, and a writer who goes round it. */
async function scene() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await serve());
  const proxy = stack.use(await startFaultProxy(server.port));
  const writer = stack.use(await Client.live(server.url, "websocket", { topics: {} }));
  return {
    server,
    proxy,
    writer,
    join: async (transport: TransportName) =>
      stack.use(await Client.live(proxy.url, transport, { pingInterval: 100 })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function expectAll(client: Client, wanted: readonly string[]): Promise<void> {
  await client.received(wanted.length);
  expect(client.texts()).toEqual(wanted);
  expect(client.kinds()).not.toContain("gap");
}

describe("a swap whose new link never becomes good leaves the old one as it is, and says why", () => {
  test.concurrent.each(TRANSPORTS)("to %s, where nothing is answered", async (to) => {
    await using at = await scene();
    const from = to === "websocket" ? "sse" : "websocket";
    const client = await at.join(from);
    await at.proxy.inject({ kind: "silent" }, { path: `/v1/${to}?` });
    const start = client.notices.items.length;
    const swap = client.session.swap(to);
    await publishAll(at.writer.session, "m", 50);
    await client.received(50);
    await expect(swap).rejects.toMatchObject({
      name: "LinkError",
      failure: "silent",
      message: expect.stringMatching(/nothing of use came for \d+ s$/) as string,
    });
    expect(client.notices.items.slice(start).filter(({ kind }) => kind === "link")).toMatchObject([
      { transport: to, state: "failed", reason: expect.stringContaining("nothing of use came") },
    ]);
    await publishAll(at.writer.session, "n", 50);
    await expectAll(client, [...texts("m", 50), ...texts("n", 50)]);
    expect(client.session.status).toMatchObject({ state: "live", transport: from });
    expect(client.session.stats).toMatchObject({ swaps: 0, reconnects: 0 });
  });

  test.each(TRANSPORTS)("to %s, which dies after its first bytes, again and again", async (to) => {
    await using at = await scene();
    const from = to === "websocket" ? "sse" : "websocket";
    const client = await at.join(from);
    const path = `/v1/${to}?`;
    await at.proxy.inject({ kind: "cut", how: "rst", direction: "down", after: 40 }, { path });
    for (let round = 1; round <= 5; round++) {
      await expect(client.session.swap(to)).rejects.toMatchObject({ name: "LinkError" });
      await publishAll(at.writer.session, `r${round} `, 10);
    }
    await expectAll(
      client,
      [1, 2, 3, 4, 5].flatMap((round) => texts(`r${round} `, 10)),
    );
    expect(client.session.stats).toMatchObject({ swaps: 0, reconnects: 0 });
  });
});

describe("a swap", () => {
  test.each(TRANSPORTS)("to %s with 1,000 unacknowledged messages", async (to) => {
    await using at = await scene();
    const client = await at.join(to === "websocket" ? "sse" : "websocket");
    // Nothing gets through to the server until all of them wait.
    await at.proxy.inject({ kind: "stall", direction: "up", after: 0 }, { on: "open" });
    const published = publishThousand(client);
    expect(client.session.status.unacked).toBe(1_000);
    const swap = await client.session.swap(to);
    expect(swap.to).toBe(to);
    const acked = await within(20_000, "the acks", published);
    expect(acked).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    // What was held back arrives after all, as a repetition.
    await at.proxy.heal();
    await publishAll(at.writer.session, "end", 1);
    await expectAll(client, [...texts("m", 1_000), "end1"]);
  });

  test("while reconnecting, again and again", async () => {
    await using at = await scene();
    const client = await at.join("websocket");
    const wanted: string[] = [];
    for (const [round, to] of [...TRANSPORTS, ...TRANSPORTS].entries()) {
      const start = client.notices.items.length;
      await at.proxy.kill();
      await client.link("lost", start);
      await at.proxy.heal();
      const swap = client.session.swap(to);
      await publishAll(at.writer.session, `r${round} `, 5);
      wanted.push(...texts(`r${round} `, 5));
      expect((await swap).to).toBe(to);
      expect(client.session.status).toMatchObject({ state: "live", transport: to });
    }
    await expectAll(client, wanted);
  });

  test("20 at once: the last one counts, the others say that it took their place", async () => {
    await using at = await scene();
    const client = await at.join("polling");
    const publishing = publishAll(at.writer.session, "m", 300);
    for (let round = 0; round < 5; round++) {
      const wishes = Array.from({ length: 20 }, (_, index) => TRANSPORTS[(index + round) % 4]!);
      const results = await Promise.allSettled(wishes.map((to) => client.session.swap(to)));
      expect(results.at(-1)).toMatchObject({ status: "fulfilled", value: { to: wishes.at(-1) } });
      for (const result of results.slice(0, -1)) {
        const reason = { message: "another swap took its place" };
        expect(result).toMatchObject({ status: "rejected", reason });
      }
      expect(client.session.status.transport).toBe(wishes.at(-1));
    }
    await publishing;
    await expectAll(client, texts("m", 300));
    expect(client.session.stats).toMatchObject({ swaps: 5, reconnects: 0 });
  });

  test.each(TRANSPORTS)(
    "to %s while the server drains, and another takes its place",
    async (to) => {
      await using folder = await temporary();
      const options = { database: folder.file };
      const first = await serve(options);
      const { port } = first;
      await using client = await Client.live(first.url, to === "websocket" ? "sse" : "websocket", {
        wait: true,
      });
      await using writer = await Client.live(first.url, "websocket", { topics: {} });
      await publishAll(writer.session, "m", 20);
      const stopped = first.stop();
      // It may be refused by the server that drains, or be lost with it: the session goes on whichever it is.
      const swap = client.session.swap(to).then(
        () => "done",
        () => "failed",
      );
      const published = publishAll(writer.session, "n", 20);
      await stopped;
      await using second = await serve({ ...options, port });
      await published;
      expect(["done", "failed"]).toContain(await swap);
      await client.received(40);
      await client.session.swap(to);
      await publishAll(writer.session, "o", 5);
      await expectAll(client, [...texts("m", 20), ...texts("n", 20), ...texts("o", 5)]);
      expect(client.session.status.transport).toBe(to);
      expect(second.port).toBe(port);
    },
  );
});

async function publishThousand({ session }: Client): Promise<(number | null)[]> {
  const acks = texts("m", 1_000).map((text) => session.publish("room:lobby", text));
  return (await Promise.all(acks)).map(({ offset }) => offset);
}
