import { describe, expect, test } from "vitest";
import { ServerApi } from "../../src/client/api.ts";
import { openWire } from "../../src/transports/shared/client/wire.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll } from "./support/client.ts";
import { serve } from "./support/server.ts";
import { eventually } from "./support/wait.ts";
import { keep } from "./support/keep.ts";

describe("closing", () => {
  test.each(TRANSPORTS)(
    "while %s opens leaves nothing, and may be done twice",
    async (transport) => {
      const { url } = keep(await serve());
      const client = new Client(url, transport);
      client.session.start();
      await Promise.all([client.close(), client.close()]);
      expect(client.kinds()).toEqual(["connecting", "closed"]);
    },
  );

  test("before the start is for good", async () => {
    const { url } = keep(await serve());
    const client = new Client(url, "websocket");
    await client.session.close();
    client.session.start();
    expect(client.kinds()).toEqual(["closed"]);
    await client.close();
  });

  test("gives up what isn't acknowledged, and takes no more", async () => {
    const server = await serve();
    await server.stop();
    const client = new Client(server.url, "websocket", { wait: true });
    client.session.start();
    const waiting = client.session.publish("room:lobby", "x");
    const given = expect(waiting).rejects.toMatchObject({
      name: "LinkError",
      message: "the session has been closed",
    });
    await client.close();
    await given;
    await expect(client.session.publish("room:lobby", "y")).rejects.toMatchObject({
      name: "LinkError",
    });
  });

  test("ends the presence at once", async () => {
    const { url } = keep(await serve());
    const client = await Client.live(url, "polling", { nick: "alice" });
    const wire = keep(openWire(url));
    const present = async () => (await new ServerApi(wire).rooms())[0]?.present ?? [];
    expect(await present()).toEqual(["alice"]);
    await client.close();
    expect(await present()).toEqual([]);
  });

  test.each(TRANSPORTS)("works while a reader of %s takes nothing", async (transport) => {
    const { url } = keep(await serve());
    const writer = keep(await Client.live(url, "websocket", { topics: {} }));
    await publishAll(writer.session, "m", 50);
    const client = new Client(url, transport);
    client.session.throttle(() => new Promise(() => {}));
    client.session.start();
    await eventually("something to be there", () => client.wire.bytes().down > 0);
    await client.close();
    expect(client.kinds().at(-1)).toBe("closed");
  });
});
