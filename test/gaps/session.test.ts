import { describe, expect, test } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { Database, gap, toldOf } from "./support.ts";

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("what was trimmed while the session was away is one gap, and reading goes on behind it", async () => {
    const { url, port } = keep(await serve({ retain: 10 }));
    const proxy = keep(await startFaultProxy(port));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const client = keep(await Client.live(proxy.url, transport));
    await publishAll(writer.session, "a", 3);
    await client.received(3);
    await proxy.kill();
    await client.link("lost");
    await publishAll(writer.session, "b", 40);
    await proxy.heal();
    await client.notices.first(
      "the last event",
      (notice) => notice.kind === "event" && notice.offset === 43,
    );
    // Ten are kept, and up to a tenth more.
    const kept = client.events().length - 3;
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThanOrEqual(11);
    await publishAll(writer.session, "c", 1);
    await client.received(3 + kept + 1);
    expect(toldOf(client.notices.items)).toEqual([
      [1, 3],
      gap(4, 43 - kept, "trimmed"),
      [44 - kept, 44],
    ]);
    expect(client.session.stats.gaps).toBe(1);
  });

  // nchan#689: messages expire while a subscriber catches up.
  test("what is trimmed while a slow reader catches up is a gap with its extent each time", async () => {
    const RETAIN = 200;
    const { url } = keep(await serve({ retain: RETAIN }));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "a", RETAIN);
    const client = keep(new Client(url, transport));
    let release = Promise.withResolvers<void>();
    client.session.throttle(async () => {
      if (client.events().length > 0) await release.promise;
    });
    client.session.start();
    await client.received(1);
    // More than all buffers on the way take, each time.
    const BIG = "x".repeat(12_000);
    for (let round = 0; round < 2; round++) {
      for (let count = 0; count < 1_200; count += 100) {
        await Promise.all(
          Array.from({ length: 100 }, () => writer.session.publish("room:lobby", BIG)),
        );
      }
      release.resolve();
      release = Promise.withResolvers();
    }
    release.resolve();
    const end = RETAIN + 2_400;
    await client.notices.first(
      "the newest event",
      (notice) => notice.kind === "event" && notice.offset === end,
    );
    const told = toldOf(client.notices.items);
    const gaps = told.filter((part) => "kind" in part);
    expect(gaps.length).toBeGreaterThan(0);
    // Runs and gaps join without a hole: each gap begins where the run before it ended, and ends where the next one begins.
    let next = 1;
    for (const part of told) {
      const [from, to] = "kind" in part ? [part.from, part.to!] : part;
      expect(from).toBe(next);
      if ("kind" in part) expect(part.reason).toBe("trimmed");
      next = to + 1;
    }
    expect(next).toBe(end + 1);
    expect(client.session.stats.gaps).toBe(gaps.length);
    await publishAll(writer.session, "b", 1);
    await client.notices.first(
      "one more",
      (notice) => notice.kind === "event" && notice.offset === end + 1,
    );
  });

  test.each([
    ["shorter than the lost one", 2],
    ["longer than the lost one", 12],
  ])(
    "the log is lost and begun anew, %s by the time the session is back: a gap of unknown extent, then all of the new one",
    async (_, count) => {
      const first = await serve();
      const proxy = keep(await startFaultProxy(first.port));
      const client = keep(
        await Client.live(proxy.url, transport, {
          topics: { "room:lobby": "beginning", "feed:a": "now" },
        }),
      );
      await publishAll(client.session, "old", 7);
      await client.session.publish("feed:a", { key: "k", value: 1 });
      await client.received(7);
      await client.received(1, "feed:a");
      await proxy.kill();
      await client.link("lost");
      await first.stop();
      const second = keep(await serve({ port: first.port }));
      const writer = keep(await Client.live(second.url, "websocket", { topics: {} }));
      await publishAll(writer.session, "new", count);
      await writer.session.publish("feed:a", { key: "k", value: 2 });
      await proxy.heal();
      await client.received(7 + count);
      await client.received(2, "feed:a");
      await publishAll(client.session, "own", 3);
      await client.received(7 + count + 3);
      expect(toldOf(client.notices.items)).toEqual([[1, 7], gap(8, null, "epoch"), [1, count + 3]]);
      expect(client.texts().slice(7)).toEqual([...texts("new", count), ...texts("own", 3)]);
      // The feed's newest events follow anew: nothing of it is missing.
      expect(toldOf(client.notices.items, "feed:a")).toEqual([
        [1, 1],
        gap(2, null, "epoch", "feed:a"),
        [1, 1],
      ]);
      expect(client.session.stats).toMatchObject({ gaps: 1, duplicatesDropped: 0 });
    },
  );

  // The epoch is the same, and the same offsets come again with something else in them.
  test("the database is restored from an older copy: a gap back to its head, then what is published there, and publishing goes on", async () => {
    const database = new Database();
    const start = (port?: number) =>
      serve({ database: database.file, ...(port === undefined ? {} : { port }) });
    const first = await start();
    const { port } = first;
    const client = keep(await Client.live(first.url, transport));
    await publishAll(client.session, "old", 30);
    await client.received(30);
    await first.stop();
    database.backUp();
    const second = await start(port);
    await publishAll(client.session, "lost", 20);
    await client.received(50);
    await second.stop();
    const since = client.notices.items.length;
    await client.link("waiting", since);
    // Waits in the outbox, under a number that the restored database doesn't expect yet.
    const waiting = publishAll(client.session, "waited", 5);
    database.restore();
    const third = keep(await start(port));
    await waiting;
    const writer = keep(await Client.live(third.url, "sse", { topics: {} }));
    await publishAll(writer.session, "other", 10);
    await publishAll(client.session, "own", 25);
    await client.received(90);
    expect(toldOf(client.notices.items)).toEqual([[1, 50], gap(31, 50, "future"), [31, 70]]);
    expect(client.texts().slice(50)).toEqual([
      ...texts("waited", 5),
      ...texts("other", 10),
      ...texts("own", 25),
    ]);
    expect(client.session.stats).toMatchObject({ gaps: 1, duplicatesDropped: 0 });
    // All of it is in the log, once.
    const reader = keep(await Client.live(third.url, "sse"));
    expect(await reader.received(70)).toEqual([...texts("old", 30), ...client.texts().slice(50)]);
  });

  // mercure#704: an unknown resume id leaves the client stuck; #586: a surprise replay after a restart.
  test("a position that can't be read is a gap of unknown extent, and reading goes on at the head", async () => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "a", 5);
    const client = keep(new Client(url, transport, { topics: {} }));
    client.session.subscribe("room:lobby", { epoch: "garbage!", offset: 3 });
    client.session.start();
    await client.link("live");
    await publishAll(writer.session, "b", 3);
    await client.received(3);
    expect(toldOf(client.notices.items)).toEqual([gap(null, null, "unreadable"), [6, 8]]);
    expect(client.session.stats.gaps).toBe(1);
  });

  test("a session that began now, and loses its first link before any event, misses nothing of what is published meanwhile", async () => {
    const { url, port } = keep(await serve());
    const proxy = keep(await startFaultProxy(port));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "before", 4);
    const client = keep(
      await Client.live(proxy.url, transport, {
        topics: { "room:lobby": "now", "room:new": "now" },
      }),
    );
    await proxy.kill();
    await client.link("lost");
    await publishAll(writer.session, "meanwhile", 6);
    await publishAll(writer.session, "first", 2, "room:new");
    await proxy.heal();
    expect(await client.received(6)).toEqual(texts("meanwhile", 6));
    expect(await client.received(2, "room:new")).toEqual(texts("first", 2));
    expect(toldOf(client.notices.items)).toEqual([[5, 10]]);
    expect(toldOf(client.notices.items, "room:new")).toEqual([[1, 2]]);
  });

  test("who asks for more of the past than is kept gets what is there, which is no gap", async () => {
    const { url } = keep(await serve({ retain: 10 }));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "a", 40);
    const client = keep(await Client.live(url, transport, { topics: { "room:lobby": 30 } }));
    const told = toldOf(client.notices.items);
    expect(told).toEqual([[expect.any(Number), 40]]);
    expect(client.events().length).toBeGreaterThanOrEqual(10);
    expect(client.session.stats.gaps).toBe(0);
  });
});
