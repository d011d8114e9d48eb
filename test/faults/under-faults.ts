// Whatever happens to its links, and at whatever moment: a session gets each event once and in order, and what it publishes is kept once.
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Acked } from "../../src/client/outbox.ts";
import { LinkError, type TransportName } from "../../src/transports/transport.ts";
import { Client, type ClientOptions, publishAll, texts } from "../client/support/client.ts";
import { serve, type TestServer } from "../client/support/server.ts";
import { eventually, within } from "../client/support/wait.ts";
import type { Fault } from "../support/fault-proxy/fault.ts";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { FAULTS, type FaultName, pause, scopeOf, strike } from "./table.ts";

/** Decides at which byte a fault strikes. */
const SEED = Number(process.env["FAULT_SEED"] ?? Date.now() % 1_000_000);
/** Short, so that silence is noticed soon; in ms. */
const HEARTBEAT = 600;

/** What a step of a session's life is given. */
interface Scene {
  readonly transport: TransportName;
  readonly proxy: FaultProxy;
  /** Straight to the server. */
  readonly writer: Client;
  readonly room: string;
  /** The fault, at some byte below these limits up or down. */
  readonly fault: (up: number, down: number) => Fault;
}

type Step = (scene: Scene) => Promise<void>;

const STEPS: Record<string, Step> = { opening, replay, live, publishing, swapping, closing };

/** Every fault at each step of a session on this transport. */
export function underFaults(transport: TransportName): void {
  let server: TestServer;
  let writer: Client;
  let rooms = 0;
  beforeAll(async () => {
    process.stdout.write(`${transport} under faults: FAULT_SEED=${SEED}\n`);
    server = await serve({ heartbeat: HEARTBEAT });
    writer = await Client.live(server.url, "websocket", { topics: {} });
  });
  afterAll(async () => {
    await writer.close();
    await server[Symbol.asyncDispose]();
  });

  describe.each(Object.entries(STEPS))(`${transport}, %s`, (_step, run) => {
    test.concurrent.each(Object.keys(FAULTS) as FaultName[])("%s", async (name) => {
      const number = ++rooms;
      const random = xoroshiro128plus(SEED + number);
      await using proxy = await startFaultProxy(server.port, { seed: SEED });
      await run({
        transport,
        proxy,
        writer,
        room: `room:r${number}`,
        fault: (up, down) => FAULTS[name](uniformInt(random, 0, up), uniformInt(random, 0, down)),
      });
    });
  });
}

async function opening({ transport, proxy, writer, room, fault }: Scene): Promise<void> {
  await publishAll(writer.session, "m", 20, room);
  const heal = await strike(proxy, fault(300, 2_000), pathOf(transport));
  await using client = follow({ transport, proxy, room });
  client.session.start();
  await heal();
  await expectAll(client, room, texts("m", 20));
}

async function replay({ transport, proxy, writer, room, fault }: Scene): Promise<void> {
  await publishAll(writer.session, "m", 1_500, room);
  await using client = follow({ transport, proxy, room });
  const struck = fault(300, 20_000);
  // What strikes at some byte is there from the beginning; the rest comes while the replay is held up in the middle.
  const early = "direction" in struck && (await strike(proxy, struck, pathOf(transport)));
  const reached = Promise.withResolvers<void>();
  client.session.throttle(async () => {
    if (client.events(room).length > 0) await reached.promise;
  });
  client.session.start();
  if (!early) await client.received(1, room);
  const heal = early || (await strike(proxy, struck, pathOf(transport)));
  reached.resolve();
  await Promise.all([heal(), keepTalking(writer, room, 20)]);
  await expectAll(client, room, [...texts("m", 1_500), ...texts("t", 20)]);
}

async function live({ transport, proxy, writer, room, fault }: Scene): Promise<void> {
  await using client = follow({ transport, proxy, room });
  client.session.start();
  await client.link("live");
  const heal = await strike(proxy, fault(200, 400), pathOf(transport));
  await Promise.all([heal(), keepTalking(writer, room, 40)]);
  await publishAll(writer.session, "m", 5, room);
  await expectAll(client, room, [...texts("t", 40), ...texts("m", 5)]);
}

async function publishing({ transport, proxy, room, fault }: Scene): Promise<void> {
  await using client = follow({ transport, proxy, room });
  client.session.start();
  await client.link("live");
  const path = transport === "websocket" ? "/v1/websocket?" : "/v1/publish";
  const heal = await strike(proxy, fault(200, 400), path);
  const [acked] = await Promise.all([keepTalking(client, room, 40), heal()]);
  expect(acked).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  await expectAll(client, room, texts("t", 40));
}

async function swapping({ transport, proxy, writer, room, fault }: Scene): Promise<void> {
  const from = transport === "websocket" ? "sse" : "websocket";
  await using client = follow({ transport: from, proxy, room });
  client.session.start();
  await client.link("live");
  const struck = fault(300, 500);
  const before = client.notices.items.length;
  // The path of the new link alone is struck, where that can be.
  const path = pathOf(transport);
  await proxy.inject(struck, "direction" in struck ? { path } : scopeOf(struck, path));
  const swapped = client.session.swap(transport).then(
    () => undefined,
    (error: unknown) => error,
  );
  await keepTalking(writer, room, 20);
  await proxy.heal();
  const failure = await within(20_000, "the end of the swap", swapped);
  if (failure !== undefined) {
    expect(failure).toBeInstanceOf(LinkError);
    const told = client.notices.items.slice(before).filter((notice) => notice.kind === "link");
    const states = told.map(({ state, transport: of }) => `${of} ${state}`);
    // Where the old link needs new connections, as SSE does to say something, it may have been struck as well.
    if (from === "websocket") expect(states).not.toContain(`${from} lost`);
    if (!states.includes(`${from} lost`)) expect(states).toContain(`${transport} failed`);
    await client.session.swap(transport);
  }
  expect(client.session.status.transport).toBe(transport);
  await publishAll(writer.session, "m", 5, room);
  await expectAll(client, room, [...texts("t", 20), ...texts("m", 5)]);
}

async function closing({ transport, proxy, writer, room, fault }: Scene): Promise<void> {
  const who = room.replace("room:", "who:");
  const nick = room.replace("room:", "leaver-");
  await using observer = await Client.live(writer.wire.origin, "websocket", {
    topics: { [who]: "now" },
  });
  {
    await using client = follow({ transport, proxy, room }, { nick });
    client.session.start();
    await client.link("live");
    await observer.received(1, who);
    await strike(proxy, fault(100, 100), pathOf(transport));
    await client.close();
  }
  await proxy.heal();
  // Even if the goodbye was lost: the lease ends it.
  await observer.received(2, who);
  expect(observer.events(who).map(({ body }) => body)).toEqual([
    { nick, here: true },
    { nick, here: false },
  ]);
  await eventually("the end of its connections", () => proxy.open === 0);
}

function follow(
  { transport, proxy, room }: Pick<Scene, "transport" | "proxy" | "room">,
  options: ClientOptions = {},
): Client {
  const topics = { [room]: "beginning" as const };
  return new Client(proxy.url, transport, { topics, wait: true, pingInterval: 100, ...options });
}

/** Publish `t1`, `t2` … every now and then. @returns where they are kept */
async function keepTalking({ session }: Client, room: string, count: number): Promise<unknown[]> {
  const acks: Promise<Acked>[] = [];
  for (const text of texts("t", count)) {
    acks.push(session.publish(room, text));
    await pause(20);
  }
  const acked = await within(25_000, "the acks", Promise.all(acks));
  return acked.map(({ offset }) => offset);
}

async function expectAll(client: Client, room: string, wanted: readonly string[]): Promise<void> {
  await client.received(wanted.length, room);
  expect(client.texts(room)).toEqual(wanted);
  expect(client.events(room).map(({ offset }) => offset)).toEqual(
    wanted.map((_, index) => index + 1),
  );
  expect(client.kinds()).not.toContain("gap");
}

function pathOf(transport: TransportName): string {
  return `/v1/${transport}?`;
}
