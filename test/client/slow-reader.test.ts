import { describe, expect, test, vi } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, texts } from "./support/client.ts";
import { serve } from "./support/server.ts";
import { eventually } from "./support/wait.ts";
import { keep } from "./support/keep.ts";

const MESSAGES = 2_500;
const PADDING = "x".repeat(16_000);

/** Publishes 40 MB. */
async function flood({ session }: Client): Promise<void> {
  for (let from = 0; from < MESSAGES; from += 100) {
    await Promise.all(
      texts("", 100).map((number) =>
        session.publish("room:lobby", `${from + Number(number)}:${PADDING}`),
      ),
    );
  }
}

const numbers = (client: Client) => client.texts().map((text) => Number(text.split(":")[0]));

/** A reader that can be stopped. */
class Valve {
  #open = Promise.withResolvers<void>();
  paused = 0;

  constructor(client: Client) {
    client.session.throttle(async () => {
      this.paused += 1;
      await this.#open.promise;
      this.paused -= 1;
    });
  }

  open(): void {
    this.#open.resolve();
  }
}

describe.each(TRANSPORTS)("a reader over %s that takes nothing for a while", (transport) => {
  test("holds the server back, and has everything in the end, in order", async () => {
    const { url } = keep(await serve({ heartbeat: 1_000 }));
    const client = keep(await Client.live(url, transport, { pingInterval: 200 }));
    const valve = new Valve(client);
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await flood(writer);
    // Stopped by what has come first; the rest is on the server, but for what lies in the system's buffers.
    await eventually("being stopped", () => valve.paused > 0);
    const total = MESSAGES * PADDING.length;
    let before = -1;
    await eventually("nothing coming any more", () => {
      const { down } = client.wire.bytes();
      const still = down === before;
      before = down;
      return still;
    });
    expect(client.wire.bytes().down).toBeLessThan(total / 2);
    // It isn't taken for dead meanwhile, by neither side: three heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(client.reasons("lost")).toEqual([]);
    valve.open();
    await client.received(MESSAGES);
    expect(numbers(client)).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
    expect(client.reasons("lost")).toEqual([]);
    expect(client.session.stats).toMatchObject({ gaps: 0, duplicatesDropped: 0 });
  }, 60_000);

  test("can publish all the same, and be told that it is kept", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, transport));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const valve = new Valve(client);
    await writer.session.publish("room:lobby", "1:");
    await eventually("being stopped", () => valve.paused > 0);
    await client.session.publish("room:lobby", "2:");
    await client.session.publish("room:lobby", "3:");
    valve.open();
    await client.received(3);
    expect(numbers(client)).toEqual([1, 2, 3]);
  });

  test("can swap all the same", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, transport));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    const valve = new Valve(client);
    await writer.session.publish("room:lobby", "1:");
    await eventually("being stopped", () => valve.paused > 0);
    const swapping = client.session.swap("sse");
    valve.open();
    await swapping;
    await writer.session.publish("room:lobby", "2:");
    await client.received(2);
    expect(numbers(client)).toEqual([1, 2]);
  });
});

describe("a throttle", () => {
  test("can be taken away, and may fail", async () => {
    const { url } = keep(await serve());
    const client = keep(await Client.live(url, "websocket"));
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const stop = client.session.throttle(() => Promise.reject(new Error("a reader's fault")));
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await writer.session.publish("room:lobby", "1:");
    await client.received(1);
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
    stop();
    await writer.session.publish("room:lobby", "2:");
    await client.received(2);
  });
});
