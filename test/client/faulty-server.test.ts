// Servers and paths that don't keep to the protocol: the session must neither lose its head nor theirs.
import { describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { Client, texts } from "./support/client.ts";
import { type FakeServer, startFakeServer } from "./support/fake-server.ts";
import { keep } from "./support/keep.ts";
import { eventually } from "./support/wait.ts";

const welcome = (heartbeat: number) => ({
  kind: "welcome",
  version: 1,
  server: "zzzzz",
  time: Date.now(),
  heartbeat,
});
const topic = (after: number) => ({
  kind: "topic",
  n: 1,
  topic: "room:lobby",
  epoch: "aaaaa",
  after,
  base: 0,
  mode: "log",
});
const event = (offset: number) => [1, offset, 0, `m${offset}`, "bob"];
const SYNCED = { kind: "synced", cursor: "" };

function say(websocket: WebSocket, ...frames: unknown[]): void {
  websocket.send(frames.map((frame) => JSON.stringify(frame)).join("\n"));
}

/** A server that talks on WebSockets: what it is asked with, where each is told to read on, and each frame it gets. */
function talking(
  talk: (websocket: WebSocket, after: number, link: number) => void,
  hear: (frame: { kind: string; number: number }, websocket: WebSocket) => void = () => {},
): Promise<FakeServer> {
  let links = 0;
  const paths: string[] = [];
  const server = startFakeServer({
    websocket: (websocket) => {
      websocket.on("error", () => {});
      websocket.on("message", (data) => hear(JSON.parse((data as Buffer).toString()), websocket));
      void server.then(({ asked }) => {
        paths.push(asked.at(-1)!);
        const after = Number(/@aaaaa\.(\d+)/.exec(decodeURIComponent(asked.at(-1)!))?.[1] ?? 0);
        talk(websocket, after, ++links);
      });
    },
  });
  return server;
}

/** Resolves after so many ms, in which something must not happen too often. */
const meanwhile = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("events that don't join", () => {
  test("are held while what is missing is fetched, by one link, however many come", async () => {
    const server = keep(
      await talking((websocket, after, link) => {
        if (link === 1) {
          say(websocket, welcome(15_000), topic(0), event(1), SYNCED);
          // 2 to 9 are passed over; more and more come, one by one.
          let next = 10;
          const timer = setInterval(
            () => (next <= 60 ? say(websocket, event(next++)) : clearInterval(timer)),
            5,
          );
          websocket.on("close", () => clearInterval(timer));
        } else {
          // It takes a while.
          setTimeout(() => {
            say(websocket, welcome(15_000), topic(after));
            for (let offset = after + 1; offset <= 60; offset++) say(websocket, event(offset));
            say(websocket, SYNCED);
          }, 100);
        }
      }),
    );
    const client = keep(await Client.live(server.url, "websocket"));
    expect(await client.received(60)).toEqual(texts("m", 60));
    expect(server.asked).toHaveLength(2);
    expect(client.session.stats).toMatchObject({ gaps: 0, reconnects: 0, swaps: 0 });
  });

  test("that nobody can fill aren't asked for again and again without a pause", async () => {
    const server = keep(
      await talking((websocket, after) => {
        say(
          websocket,
          welcome(15_000),
          topic(after),
          ...(after === 0 ? [event(1)] : []),
          SYNCED,
          event(5),
        );
      }),
    );
    const client = keep(await Client.live(server.url, "websocket"));
    await client.received(1);
    await meanwhile(1_500);
    expect(server.asked.length).toBeLessThan(10);
    expect(client.texts()).toEqual(["m1"]);
    expect(client.session.status.state).not.toBe("closed");
  });

  test("of a topic that has no name end the link", async () => {
    const server = keep(await talking((websocket) => say(websocket, welcome(15_000), event(1))));
    const client = keep(new Client(server.url, "websocket"));
    client.session.start();
    expect((await client.link("closed")).reason).toContain("without naming it");
  });
});

describe("publishes that are refused for now", () => {
  test.each(["busy", "storage", "out-of-order"])(
    "again and again (%s) are sent later and later",
    async (code) => {
      let publishes = 0;
      const server = keep(
        await talking(
          (websocket) => say(websocket, welcome(15_000), topic(0), SYNCED),
          (frame, websocket) => {
            if (frame.kind !== "publish") return;
            publishes += 1;
            say(websocket, { kind: "nack", number: frame.number, code, message: "not now" });
          },
        ),
      );
      const client = await Client.live(server.url, "websocket");
      const given = expect(client.session.publish("room:lobby", "x")).rejects.toThrow(
        "the session has been closed",
      );
      await meanwhile(1_500);
      expect(publishes).toBeGreaterThan(1);
      expect(publishes).toBeLessThan(30);
      await client.close();
      await given;
    },
  );

  test("are told of once, also where the server has forgotten us at first", async () => {
    let publishes = 0;
    const server = keep(
      await talking(
        (websocket) => say(websocket, welcome(15_000), topic(0), SYNCED),
        (frame, websocket) => {
          if (frame.kind !== "publish") return;
          const code = ++publishes === 1 ? "out-of-order" : "storage";
          say(websocket, { kind: "nack", number: frame.number, code, message: "the disk is full" });
        },
      ),
    );
    const client = await Client.live(server.url, "websocket");
    const given = expect(client.session.publish("room:lobby", "x")).rejects.toThrow();
    await eventually("being refused a few times", () => publishes > 3);
    const told = client.notices.items.filter(({ kind }) => kind === "error");
    expect(told).toEqual([{ kind: "error", code: "storage", message: "the disk is full" }]);
    await client.close();
    await given;
  });

  test("are kept once the server takes them, in order", async () => {
    let refusals = 3;
    let kept: number[] = [];
    const server = keep(
      await talking(
        (websocket) => say(websocket, welcome(15_000), topic(0), SYNCED),
        (frame, websocket) => {
          if (frame.kind !== "publish") return;
          const { number } = frame;
          const busy = refusals > 0 && number === 2;
          if (busy) refusals -= 1;
          if (busy || number > kept.length + 1) {
            const code = busy ? "busy" : "out-of-order";
            return say(websocket, { kind: "nack", number, code, message: "not now" });
          }
          if (number === kept.length + 1) kept = [...kept, number];
          say(websocket, {
            kind: "ack",
            number,
            topic: "room:lobby",
            epoch: "aaaaa",
            offset: number,
          });
        },
      ),
    );
    const client = keep(await Client.live(server.url, "websocket"));
    const acks = await Promise.all(
      texts("m", 10).map((text) => client.session.publish("room:lobby", text)),
    );
    expect(acks.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe("a WebSocket that opens and then brings nothing", () => {
  test("after it was synced is given up for the next transport, however long that takes to notice", async () => {
    const server = keep(
      await startFakeServer({
        websocket: (websocket) => say(websocket, welcome(2_600), topic(0), SYNCED),
        request: ({ url = "", method }, response) => {
          if (method === "POST") return void response.writeHead(204).end();
          if (!url.startsWith("/v1/sse")) return void response.writeHead(502).end();
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (const frame of [welcome(2_600), topic(0), SYNCED])
            response.write(`data: ${JSON.stringify(frame)}\n\n`);
        },
      }),
    );
    const client = keep(await Client.live(server.url, "auto"));
    const start = client.notices.items.length;
    expect((await client.link("lost")).reason).toContain("nothing came");
    expect(await client.link("live", start)).toMatchObject({ transport: "sse" });
  });
});

describe("what a proxy answers to what is posted", () => {
  test("costs the link and not the process", async () => {
    const server = keep(
      await startFakeServer({
        request: ({ method }, response) => {
          if (method === "POST")
            return void response.writeHead(403, { "content-type": "text/html" }).end("no");
          response.writeHead(200, { "content-type": "text/event-stream" });
          for (const frame of [welcome(15_000), topic(0), SYNCED])
            response.write(`data: ${JSON.stringify(frame)}\n\n`);
        },
      }),
    );
    const client = keep(await Client.live(server.url, "sse"));
    expect((await client.link("lost")).reason).toContain("got status 403");
    await client.link("waiting");
  });
});
