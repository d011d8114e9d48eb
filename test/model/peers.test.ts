// Failures that others have had, each as a short script of its own, on real sockets and a real server process.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import type { Actor } from "./support/actor.ts";
import { Host, SocketWorld } from "./support/socket-world.ts";
import { checkAll } from "./support/world.ts";

let host: Host;
let world: SocketWorld;
let topic: string;

beforeAll(async () => {
  host = await Host.start();
});

afterAll(() => host[Symbol.asyncDispose]());

beforeEach(async () => {
  world = await SocketWorld.start(host);
  topic = world.topic("a");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await world.end();
});

/** Resolves when the actor is live and has caught up. */
async function settled(actor: Actor): Promise<void> {
  await world.until(
    () => String(actor),
    () => actor.settled,
  );
}

const texts = ({ heard }: Actor) => heard.map(({ text }) => text);
const some = (count: number) => Array.from({ length: count }, (_, index) => `text ${index + 1}`);

describe.each(TRANSPORTS)("over %s", (transport) => {
  test("who begins at now and is cut before the first event misses none (socket.io#5538)", async () => {
    await world.elsewhere(topic, ["before"], false);
    const [seat] = world.seats;
    const actor = seat!.open(transport, { [topic]: "now" });
    await settled(actor);
    seat!.path.cut("rst");
    await world.elsewhere(topic, some(3), false);
    await checkAll(world);
    expect(texts(actor)).toEqual(some(3));
  });

  test("a publish whose ack is lost, or that is passed on twice, is kept once (socket.io#5334)", async () => {
    const [seat] = world.seats;
    const actor = seat!.open(transport, { [topic]: "now" });
    await settled(actor);
    for (const harm of ["lose-ack", "repeat-publish"]) {
      seat!.path.harm(harm);
      actor.publish(topic, 3);
      // Over a WebSocket the path sees no requests: it is cut instead.
      if (transport === "websocket") seat!.path.cut("rst");
      await settled(actor);
      await checkAll(world);
    }
    expect(texts(actor)).toEqual(actor.published.map(({ text }) => text));
  });

  test("who comes back is told nothing again, however often, also by a restarted server (socket.io#5419, mercure#586)", async () => {
    await world.elsewhere(topic, some(5), false);
    const [seat] = world.seats;
    const actor = seat!.open(transport, { [topic]: "beginning" });
    const late = world.seats[1]!.open(transport, { [topic]: "now" });
    await Promise.all([settled(actor), settled(late)]);
    for (const how of ["rst", "fin"] as const) {
      seat!.path.cut(how);
      actor.swap(transport);
      await settled(actor);
    }
    await world.down("kill");
    await world.up();
    for (const one of [actor, late]) one.swap(transport);
    await world.elsewhere(topic, ["after"], false);
    await checkAll(world);
    expect(texts(actor)).toEqual([...some(5), "after"]);
    expect(texts(late)).toEqual(["after"]);
  });

  test("an event comes once to who subscribes again inside a reader, and a reader that throws stops nothing (centrifuge-js#425, #392)", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const [seat] = world.seats;
    const actor = seat!.open(transport, { [topic]: "now" });
    await settled(actor);
    actor.arm("event", topic, () => {
      actor.unsubscribe(topic);
      actor.subscribe(topic, "now");
    });
    await world.elsewhere(topic, some(1), false);
    await world.until(
      () => String(actor),
      () => texts(actor).length === 1,
    );
    await settled(actor);
    actor.arm("event", topic, () => {
      throw new Error("a reader that throws");
    });
    await world.elsewhere(topic, ["then", "on"], false);
    await checkAll(world);
    expect(texts(actor)).toEqual([...some(1), "then", "on"]);
    expect(warned).toHaveBeenCalledOnce();
  });

  test("what expires while a reader is held up is told as a gap, and nothing else is missing (nchan#689)", async () => {
    await world.elsewhere(topic, some(20), false);
    const [seat] = world.seats;
    const actor = seat!.open(transport, { [topic]: "beginning" });
    await settled(actor);
    seat!.path.freeze();
    for (let left = 4; left > 0; left--)
      await world.elsewhere(
        topic,
        some(30).map((text) => `${left} ${text}`),
        false,
      );
    seat!.path.cut("rst");
    await checkAll(world);
    expect(actor.gaps).toBe(1);
    expect(texts(actor).at(-1)).toBe("1 text 30");
  });

  test("a position that nobody knows doesn't leave a reader stuck (mercure#704)", async () => {
    await world.elsewhere(topic, some(3), false);
    const [seat] = world.seats;
    const actor = seat!.open(transport, { [world.topic("b")]: "now" });
    const told: unknown[] = [];
    actor.session.listen((notice) => {
      if (notice.kind === "gap") told.push([notice.from, notice.to, notice.reason]);
    });
    actor.subscribe(topic, { epoch: "zzzzz", offset: 7 });
    await world.until(
      () => String(actor),
      () => texts(actor).length === 3,
    );
    actor.unsubscribe(topic);
    expect(told).toEqual([[8, null, "epoch"]]);
    // Restored from a backup, the log ends before it.
    actor.session.subscribe(topic, { epoch: world.look(topic).epoch, offset: 7 });
    await world.until(
      () => String(actor),
      () => told.length === 2,
    );
    expect(told[1]).toEqual([4, 7, "future"]);
  });
});
