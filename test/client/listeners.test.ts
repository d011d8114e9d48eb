import { describe, expect, test, vi } from "vitest";
import type { SwapNotice } from "../../src/client/events.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "./support/client.ts";
import { serve } from "./support/server.ts";
import { keep } from "./support/keep.ts";

describe("what a listener does", () => {
  test("by throwing is a warning and nothing else", async () => {
    const { url } = keep(await serve());
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const client = keep(new Client(url, "websocket"));
    client.session.listen((notice) => {
      if (notice.kind === "event") throw new Error("a reader's fault");
    });
    client.session.start();
    await publishAll(client.session, "m", 10);
    expect(await client.received(10)).toEqual(texts("m", 10));
    expect(client.session.status.state).toBe("live");
    expect(warn).toHaveBeenCalledTimes(10);
    warn.mockRestore();
  });

  test("is heard by others in the order in which it happened", async () => {
    const { url } = keep(await serve());
    const client = new Client(url, "websocket");
    const order: string[] = [];
    client.session.listen((notice) => {
      if (notice.kind === "link" && notice.state === "live") void client.session.close();
    });
    client.session.listen(
      (notice) => void order.push(notice.kind === "link" ? notice.state : notice.kind),
    );
    client.session.start();
    await client.link("closed");
    expect(order).toEqual(["connecting", "topic", "live", "closed"]);
    await client.close();
  });

  test("may be swapping at each event", async () => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const client = keep(await Client.live(url, "websocket"));
    const swaps: Promise<SwapNotice | undefined>[] = [];
    client.session.listen((notice) => {
      if (notice.kind !== "event") return;
      const to = TRANSPORTS[notice.offset % TRANSPORTS.length]!;
      swaps.push(client.session.swap(to).catch(() => undefined));
    });
    await publishAll(writer.session, "m", 60);
    expect(await client.received(60)).toEqual(texts("m", 60));
    await Promise.all(swaps);
    expect(client.session.status.state).toBe("live");
  });

  test("may be publishing at each event", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "sse"));
    client.session.listen((notice) => {
      if (notice.kind === "event" && notice.offset < 50)
        void client.session.publish("room:lobby", `m${notice.offset + 1}`);
    });
    await client.session.publish("room:lobby", "m1");
    expect(await client.received(50)).toEqual(texts("m", 50));
  });

  test("may be stopping and reading anew, without an event coming twice", async () => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "m", 100);
    const client = keep(new Client(url, "websocket"));
    let again = false;
    client.session.listen((notice) => {
      if (again || notice.kind !== "event" || notice.offset !== 50) return;
      again = true;
      client.session.unsubscribe("room:lobby");
      client.session.subscribe("room:lobby", 10);
    });
    client.session.start();
    expect(await client.received(60)).toEqual([...texts("m", 50), ...texts("m", 100).slice(90)]);
    await publishAll(writer.session, "n", 5);
    expect((await client.received(65)).slice(60)).toEqual(texts("n", 5));
  });

  test("ends when it stops listening, also inside", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket"));
    let heard = 0;
    const stop = client.session.listen((notice) => {
      if (notice.kind !== "event") return;
      heard += 1;
      stop();
    });
    await publishAll(client.session, "m", 5);
    await client.received(5);
    expect(heard).toBe(1);
  });
});
