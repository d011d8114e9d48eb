import { join } from "node:path";
import { request } from "undici";
import { expect, test } from "vitest";
import type { LinkError } from "../../src/transports/transport.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { spawnServer } from "../client/support/server-process.ts";
import { temporary } from "../server/folder.ts";
import { run } from "../support/process.ts";
import { identity, Observer } from "./observer.ts";

const ANN = identity("ann");

const refusedAs = (code: string) => (error: LinkError) => error.refusal?.code === code;

test("two processes with one nick: one leaves, politely or killed, and the nick stays; both, and it goes", async () => {
  const server = keep(await serve({ heartbeat: 1_500 }));
  const observer = keep(await Observer.of(server.url));
  const env = { XDG_STATE_HOME: keep(await temporary()).path };
  const { href } = server.url;
  const args = (transport: string) =>
    `tail ${href} room:lobby --name ann --transport ${transport} --format json`.split(" ");
  const live = async (transport: string) => {
    const process = keep(run(args(transport), { env }));
    for await (const line of process.lines) if (line.includes('"live"')) break;
    return process;
  };
  // One after the other: the first makes the identity, which the others find.
  const first = await live("websocket");
  const second = await live("polling");
  const third = await live("sse");
  first.kill("SIGTERM");
  await first.exited;
  second.kill("SIGKILL");
  // Somebody who came after the kill and says nothing more is gone: so the lease of the killed one has run out as well.
  const headers = { authorization: `Bearer ${identity("eve")}` };
  await request(new URL("/v1/polling?topic=room:lobby&nick=eve&link=e.1", server.url), { headers });
  await observer.sees("-eve");
  expect(observer.story).toEqual(["+ann", "+eve", "-eve"]);
  third.kill("SIGTERM");
  await observer.sees("-ann");
  expect(observer.story).toEqual(["+ann", "+eve", "-eve", "-ann"]);
}, 40_000);

test("of two sessions one takes another nick: the old one stays with the other, however it is spelled", async () => {
  const server = keep(await serve());
  const observer = keep(await Observer.of(server.url));
  const one = keep(await Client.live(server.url, "websocket", { nick: "Ann", identity: ANN }));
  const two = keep(await Client.live(server.url, "long-polling", { nick: "ann", identity: ANN }));
  // One member, as the newest of its sessions spells it.
  await observer.sees("+ann");
  expect(observer.story).toEqual(["+Ann", "-Ann", "+ann"]);
  await one.session.rename("Annie");
  await observer.sees("+Annie");
  await two.session.rename("ANN");
  await observer.sees("+ANN");
  await one.close();
  await observer.sees("-Annie");
  await two.close();
  await observer.sees("-ANN");
  expect(observer.story.slice(3)).toEqual(["+Annie", "-ann", "+ANN", "-Annie", "-ANN"]);
});

test("somebody else is refused the nick on every transport, in any spelling, and may not take it by a rename", async () => {
  const server = keep(await serve());
  keep(await Client.live(server.url, "sse", { nick: "ann", identity: ANN }));
  for (const transport of TRANSPORTS) {
    const thief = keep(
      new Client(server.url, transport, { nick: "ANN", identity: identity("bob") }),
    );
    thief.session.start();
    await thief.link("closed");
    expect(thief.session.failure).toSatisfy(refusedAs("nick-taken"));
  }
  const bob = keep(
    await Client.live(server.url, "websocket", { nick: "bob", identity: identity("bob") }),
  );
  await expect(bob.session.rename("Ann")).rejects.toSatisfy(refusedAs("nick-taken"));
  expect(bob.session.status).toMatchObject({ state: "live", nick: "bob" });
});

test("nobody takes a nick while its holder is on the way back to a server that was killed", async () => {
  const folder = keep(await temporary());
  const database = join(folder.path, "nicks.db");
  let server = keep(await spawnServer({ database }));
  const { port, url } = server;
  const holders = await Promise.all(
    TRANSPORTS.map(async (transport) =>
      keep(await Client.live(url, transport, { nick: `my-${transport}`, identity: ANN })),
    ),
  );
  // Acknowledged later than the leases were written.
  await holders[0]!.session.publish("room:lobby", "mine");
  for (let round = 0; round < 2; round++) {
    const before = holders.map(({ notices }) => notices.items.length);
    await server.kill9();
    const thieves = TRANSPORTS.map((transport) => {
      const nick = `MY-${transport}`;
      return keep(new Client(url, transport, { nick, identity: identity("thief"), wait: true }));
    });
    for (const { session } of thieves) session.start();
    server = keep(await spawnServer({ database, port }));
    for (const thief of thieves) {
      await thief.notices.first(
        "the thief being refused",
        (notice) => notice.kind === "link" && notice.state === "closed",
        0,
        30_000,
      );
      expect(thief.session.failure).toSatisfy(refusedAs("nick-taken"));
    }
    for (const [index, holder] of holders.entries()) {
      // After links that lived for a moment only the backoff grows to many seconds.
      await holder.notices.first(
        "the holder being back",
        (notice) => notice.kind === "link" && notice.state === "live",
        before[index],
        30_000,
      );
      expect(holder.session.status.nick).toBe(`my-${holder.session.status.transport}`);
    }
  }
}, 120_000);
