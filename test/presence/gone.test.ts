import { expect, test } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { type Run, run } from "../support/process.ts";
import { identity, Observer } from "./observer.ts";

const HEARTBEAT_MS = 2_000;
const LEASE_MS = 2 * HEARTBEAT_MS;
/** The server looks four times a heartbeat; the rest is for a busy machine. */
const LATE_MS = HEARTBEAT_MS / 4 + 4_000;

/** A lease runs from the last sign of life, which came within a heartbeat before the end. */
function expectWithinLease(ms: number): void {
  expect(ms).toBeGreaterThan(LEASE_MS - HEARTBEAT_MS - 100);
  expect(ms).toBeLessThan(LEASE_MS + LATE_MS);
}

test("a client whose process is killed is gone within its lease, and not before, on every transport", async () => {
  const server = keep(await serve({ heartbeat: HEARTBEAT_MS }));
  const observer = keep(await Observer.of(server.url));
  const clients: [string, Run][] = TRANSPORTS.map((transport) => {
    const args = ["--transport", transport, "--name", transport, "--format", "json"];
    return [transport, keep(run(["tail", server.url.href, "room:lobby", ...args]))];
  });
  await Promise.all(clients.map(([nick]) => observer.sees(`+${nick}`)));
  const killed = performance.now();
  for (const [, client] of clients) client.kill("SIGKILL");
  const gone = await Promise.all(clients.map(([nick]) => observer.sees(`-${nick}`)));
  for (const at of gone) expectWithinLease(at - killed);
}, 40_000);

// graphql-ws#117: half-open TCP is noticed by nobody.
test("a machine that vanishes from the net is gone within its lease; when it is back, so is its nick", async () => {
  const server = keep(await serve({ heartbeat: HEARTBEAT_MS }));
  const proxy = keep(await startFaultProxy(server.port));
  const observer = keep(await Observer.of(server.url));
  for (const transport of TRANSPORTS)
    keep(
      await Client.live(proxy.url, transport, {
        nick: transport,
        identity: identity(transport),
        pollInterval: { min: 500, max: HEARTBEAT_MS },
      }),
    );
  await Promise.all(TRANSPORTS.map((nick) => observer.sees(`+${nick}`)));
  const frozen = performance.now();
  proxy.freeze();
  const gone = await Promise.all(TRANSPORTS.map((nick) => observer.sees(`-${nick}`)));
  for (const at of gone) expectWithinLease(at - frozen);
  await proxy.heal();
  await Promise.all(TRANSPORTS.map((nick) => observer.sees(`+${nick}`, 2, 25_000)));
}, 60_000);

test.each(TRANSPORTS)(
  "who says goodbye over %s is gone at once, and doesn't come again",
  async (transport) => {
    // A lease is half a minute: nothing of this waits for one.
    const server = keep(await serve());
    const observer = keep(await Observer.of(server.url));
    const story: string[] = [];
    for (let round = 0; round < 10; round++) {
      const nick = `bob${round}`;
      const bob = await Client.live(server.url, transport, { nick, identity: identity(nick) });
      await bob.close();
      await observer.sees(`-${nick}`);
      story.push(`+${nick}`, `-${nick}`);
    }
    expect(observer.story).toEqual(story);
  },
);
