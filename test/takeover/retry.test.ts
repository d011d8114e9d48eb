import { expect, test } from "vitest";
import { Client, publishAll } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";

test.each(TRANSPORTS)(
  "over %s a session that is told that the server is back doesn't wait for its next try",
  async (transport) => {
    const first = await serve();
    const client = keep(await Client.live(first.url, transport));
    // Said while it is live, it does nothing.
    client.session.retry();
    expect(client.session.status.state).toBe("live");
    await first.stop();
    await client.link("waiting");
    // Tries that fail make the wait long.
    for (let failed = 0; failed < 4; failed++) {
      const since = client.notices.items.length;
      client.session.retry();
      expect(client.session.status.state).toBe("connecting");
      await client.link("waiting", since);
    }
    keep(await serve({ port: first.port }));
    client.session.retry();
    expect(client.session.status.state).toBe("connecting");
    await client.link("live", client.notices.items.length - 1);
    await publishAll(client.session, "a", 1);
    expect(await client.received(1)).toEqual(["a1"]);
    await client.close();
    client.session.retry();
    expect(client.session.status.state).toBe("closed");
  },
);
