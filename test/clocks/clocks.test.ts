// The wall clock of the server or of the clients is set while they run: no order, place or figure depends on it (nchan#469).
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Client, publishAll, texts as numberedTexts } from "../client/support/client.ts";
import { spawnServer } from "../client/support/server-process.ts";
import { eventually } from "../client/support/wait.ts";
import { numbered } from "../commands/load.ts";
import { live, next, printed, texts } from "../commands/output.ts";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { createWallClock, DAY, HOUR } from "./support.ts";

/** Lines between one event and the next: the clock is set, the server killed, the clock set back. */
const STRETCH = 100;
const COUNT = 4 * STRETCH;

/** Whose clock is set, and by how much. */
const CASES = [
  ["server", -HOUR],
  ["server", DAY],
  ["clients", -HOUR],
  ["clients", DAY],
] as const;

test.each(CASES)(
  "the clock of the %s set by %i ms and back, with a crash between: all goes on where it was",
  { timeout: 60_000 },
  async (whose, by) => {
    using folder = createSandbox();
    using clock = createWallClock();
    const options = {
      db: join(folder.home, "rooms.db"),
      args: ["--feed", "none"],
      env: whose === "server" ? clock.env : {},
    };
    const env = whose === "clients" ? clock.env : {};
    let server = await startServer(options);
    await using stack = new AsyncDisposableStack();
    stack.defer(() => server[Symbol.asyncDispose]());
    const { url, port } = server;
    const follow = (...args: string[]) =>
      stack.use(run(["tail", url, "room:load", ...args, "--stats", "0.2"], { env }));
    const tails = TRANSPORTS.map((transport) =>
      follow("--transport", transport, "--count", String(COUNT)),
    );
    tails.push(follow("--rotate", "0.3", "--count", String(COUNT)));
    await Promise.all(tails.map(live));
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const send = stack.use(
      run(["send", url, "room:load", "--rotate", "0.4"], { stdin: stretches(gates), env }),
    );
    const allHave = async (stretch: number) => {
      gates[stretch - 1]!.resolve();
      const last = stretch * STRETCH;
      await Promise.all(tails.map((tail) => next(tail, "event", ({ offset }) => offset === last)));
    };

    await allHave(1);
    clock.set(by);
    await allHave(2);
    // No link was lost over it.
    for (const tail of tails) {
      const states = printed(whole(tail.stdout()), "link").map(({ state }) => state);
      expect(new Set(states)).toEqual(new Set(["connecting", "live"]));
    }
    gates[2]!.resolve();
    await server.kill9();
    await server[Symbol.asyncDispose]();
    server = await startServer({ ...options, port });
    await allHave(3);
    clock.set(0);
    gates[3]!.resolve();

    const sent = await send.exited;
    expect(sent).toMatchObject({ code: 0, stderr: "" });
    expect(printed(sent.stdout, "ack").map(({ id, offset }) => [id, offset])).toEqual(
      Array.from({ length: COUNT }, (_, index) => [index + 1, index + 1]),
    );
    const wanted = Array.from({ length: COUNT }, (_, index) => `line ${index + 1}`);
    const times = new Set<string>();
    for (const tail of tails) {
      const { code, stdout, stderr } = await tail.exited;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const events = printed(stdout, "event");
      expect(texts(events)).toEqual(wanted);
      expect(printed(stdout, "gap")).toEqual([]);
      times.add(JSON.stringify(events.map(({ at }) => at)));
      // At no moment a figure shows anything of the step.
      for (const { deliveryMs, rttMs } of printed(stdout, "stats")) {
        for (const { p95 } of [deliveryMs, rttMs])
          expect(p95 ?? 0).toBeLessThan(Math.abs(by) / 100);
      }
      expect(printed(stdout, "stats").at(-1)!.deliveryMs.p50).not.toBeNull();
    }
    // Everybody was told the same times, and they are the server's, steps and all.
    expect(times.size).toBe(1);
    const at = JSON.parse([...times][0]!) as number[];
    const steps = at.slice(1).map((time, index) => time - at[index]!);
    const jumps = steps.filter((step) => Math.abs(step) > Math.abs(by) / 2);
    const rounded = jumps.map((step) => Math.round(step / HOUR));
    expect(rounded).toEqual(whose === "server" ? [by / HOUR, -by / HOUR] : []);
    expect(await server.stop()).toBe(0);
  },
);

test.each([-HOUR, DAY])(
  "the server's clock set by %i ms: links, presence, heartbeats and nicks outlive many of their leases",
  async (by) => {
    using clock = createWallClock();
    // Presence is a lease of two heartbeats: 400 ms.
    await using server = await spawnServer({ heartbeat: 200 }, clock.env);
    await using stack = new AsyncDisposableStack();
    const clients = await Promise.all(
      TRANSPORTS.map(async (transport) =>
        stack.use(
          await Client.live(server.url, transport, {
            topics: { "room:lobby": "beginning", "who:lobby": "now" },
            nick: transport.slice(0, 4),
            identity: `identity-of-${transport}`.padEnd(20, "."),
            pingInterval: 50,
          }),
        ),
      ),
    );
    for (const client of clients) await client.received(TRANSPORTS.length, "who:lobby");
    const pongs = async (count: number) => {
      for (let more = 0; more < count; more++) {
        for (const { session } of clients) {
          const { length } = session.roundTrips;
          const newest = session.roundTrips.at(-1);
          await eventually("a pong", () => {
            return session.roundTrips.length > length || session.roundTrips.at(-1) !== newest;
          });
        }
      }
    };
    await publishAll(clients[0]!.session, "before ", 20);
    for (const offset of [by, 0]) {
      clock.set(offset);
      await pongs(15);
    }
    await publishAll(clients[1]!.session, "after ", 20);
    const all = [...numberedTexts("before ", 20), ...numberedTexts("after ", 20)];
    for (const client of clients) {
      expect(await client.received(40)).toEqual(all);
      expect(client.reasons("lost")).toEqual([]);
      expect(client.events("who:lobby").every(({ body }) => (body as { here: boolean }).here)).toBe(
        true,
      );
    }
    // A swap, and coming back under the same nick; nobody else gets it.
    clock.set(by);
    await Promise.all(
      clients.map(({ session }, index) => session.swap(TRANSPORTS[(index + 1) % 4]!)),
    );
    const thief = new Client(server.url, "websocket", {
      nick: "webs",
      identity: "identity-of-a-thief",
    });
    stack.use(thief);
    thief.session.start();
    expect((await thief.link("closed")).reason).toMatch(/the nick webs is taken/);
  },
);

async function* stretches(
  gates: readonly { readonly promise: Promise<void> }[],
): AsyncGenerator<string> {
  for (const [index, { promise }] of gates.entries()) {
    await promise;
    // Slowly enough that several pings fall into each.
    for (const [line, text] of numbered(STRETCH, index * STRETCH + 1).entries()) {
      yield text;
      if (line % 5 === 0) await sleep(30);
    }
  }
}

/** Without a line that is still being written. */
function whole(stdout: string): string {
  return stdout.slice(0, stdout.lastIndexOf("\n") + 1);
}
