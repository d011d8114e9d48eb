import { join } from "node:path";
import { expect, test } from "vitest";
import { QUIET_MS } from "../../src/tui/store/members.ts";
import { observe } from "../../src/tui/store/observe.ts";
import { currentRoom } from "../../src/tui/store/state.ts";
import { Store } from "../../src/tui/store/store.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { spawnServer } from "../client/support/server-process.ts";
import { temporary } from "../server/folder.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { fresh } from "../tui-app/support/states.ts";
import { identity, Observer } from "./observer.ts";

test("nobody sees somebody leave or come who swaps, is cut, reset and frozen for a while", async () => {
  // A lease of 30 s outlasts any backoff.
  const server = keep(await serve());
  const observer = keep(await Observer.of(server.url));
  await Promise.all(
    TRANSPORTS.map(async (transport) => {
      const proxy = keep(await startFaultProxy(server.port));
      const bob = keep(
        await Client.live(proxy.url, transport, { nick: transport, identity: identity(transport) }),
      );
      const survives = async (fault: () => void | Promise<void>) => {
        await fault();
        await bob.session.publish("room:lobby", "still here");
      };
      for (const to of [...TRANSPORTS, ...TRANSPORTS.toReversed(), transport]) {
        await bob.session.swap(to);
      }
      const fin = { kind: "cut", how: "fin", direction: "down", after: 0 } as const;
      for (let round = 0; round < 2; round++) {
        await survives(() => proxy.cut());
        await survives(() => proxy.inject(fin, { on: "open" }));
      }
      await survives(async () => {
        proxy.freeze();
        // Less than a lease, and less than the client calls silence.
        await new Promise((resolve) => setTimeout(resolve, 500));
        await proxy.heal();
      });
    }),
  );
  const eve = await Client.live(server.url, "sse", { nick: "eve", identity: identity("eve") });
  await observer.sees("+eve");
  await eve.close();
  await observer.sees("-eve");
  expect(observer.story.toSorted()).toEqual(
    ["eve", ...TRANSPORTS]
      .map((nick) => `+${nick}`)
      .concat("-eve")
      .toSorted(),
  );
}, 60_000);

// The server's memory of who is there is gone with it; those who were there come back one by one.
test.each(["killed", "stopped"] as const)(
  "nobody's list flickers when the server is %s and starts again: it shows who was there until they are back",
  async (how) => {
    const folder = keep(await temporary());
    const database = join(folder.path, "presence.db");
    const first = keep(await spawnServer({ database }));
    const { port, url } = first;
    const detour = keep(await startFaultProxy(port));
    const people = await Promise.all(
      ["bob", "carol", "dave"].map(async (nick, index) =>
        keep(
          await Client.live(nick === "dave" ? detour.url : url, TRANSPORTS[index + 1]!, {
            nick,
            identity: identity(nick),
          }),
        ),
      ),
    );
    const store = new Store(fresh({ nick: "alice" }));
    const alice = keep(
      new Client(url, "websocket", {
        nick: "alice",
        identity: identity("alice"),
        topics: { "room:lobby": "now", "who:lobby": "now" },
      }),
    );
    const here = () => [...currentRoom(store.get()).members.here].toSorted().join(" ");
    const lists: string[] = [];
    store.subscribe(() => lists.push(here()));
    using _observing = observe(alice.session, store);
    alice.session.start();
    await alice.link("live");
    const everybody = "alice bob carol dave";
    await alice.notices.until("everybody", () => here() === everybody);
    const settled = lists.length;

    await detour.inject({ kind: "refuse" });
    await (how === "killed" ? first.kill9() : first.stop());
    keep(await spawnServer({ database, port }));
    const began = (nick: string) => (n: (typeof alice.notices.items)[number]) =>
      n.kind === "event" && n.topic === "who:lobby" && (n.body as { nick: string }).nick === nick;
    const gap = await alice.notices.first(
      "the list to begin anew",
      (n) => n.kind === "gap" && n.topic === "who:lobby",
      0,
      45_000,
    );
    // Dave is late: later than a list would be settled that waits for a moment only.
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS + 500));
    await detour.heal();
    const from = alice.notices.items.indexOf(gap);
    for (const nick of ["bob", "carol", "dave"])
      await alice.notices.first(`${nick} to be back`, began(nick), from, 45_000);
    expect([...new Set(lists.slice(settled))]).toEqual([everybody]);
    const lines = currentRoom(store.get()).entries.flatMap((entry) =>
      entry.kind === "line" ? [entry.text] : [],
    );
    expect(lines.filter((text) => /joined|left/.test(text))).toEqual([]);
    // Who goes now goes at once, whatever the list still waits for.
    await people[0]!.close();
    await alice.notices.until("bob to be gone", () => here() === "alice carol dave");
  },
  120_000,
);
