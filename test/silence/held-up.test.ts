// A client that is kept from running for longer than a link may be silent: what has come meanwhile is read before the server is called
// silent. socket.io#4040: late timers make a client drop a good link.
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { type TransportName, TRANSPORTS } from "../../src/transports/transport.ts";
import { type FakeServer, startFakeServer } from "../client/support/fake-server.ts";
import { keep } from "../client/support/keep.ts";
import { Log } from "../client/support/wait.ts";
import { openWebSocket } from "../server/link.ts";
import { type Run, run } from "../support/process.ts";
import { Heartbeats } from "./heartbeats.ts";

const HEARTBEAT = 300;
const HELD_UP = 5 * HEARTBEAT;

test.each(["stopped", "busy"] as const)("a client that was %s keeps its link", async (how) => {
  await Promise.all(TRANSPORTS.map((transport) => keepsItsLink(transport, how)));
});

test("a server that was stopped reads what has come before it calls a client silent", async () => {
  const server = keep(
    run([JSON.stringify({ heartbeat: HEARTBEAT })], {
      script: join(import.meta.dirname, "../client/support/server-process.ts"),
    }),
  );
  const url = await firstLine(server);
  const query = "v1/websocket?topic=room:lobby";
  const link = await openWebSocket(`${url.replace("http", "ws")}${query}&nick=alice&link=s.1`, {});
  const witness = await openWebSocket(
    `${url.replace("http", "ws")}v1/websocket?topic=who:lobby`,
    {},
  );
  await witness.heard("who:lobby", 1);
  const pinging = setInterval(() => link.send({ kind: "ping", id: 1 }), HEARTBEAT / 4);
  try {
    server.kill("SIGSTOP");
    await heartbeats(HELD_UP / HEARTBEAT);
    server.kill("SIGCONT");
    await heartbeats(4);
    expect(link.frames.filter(({ kind }) => kind === "error")).toEqual([]);
    expect(link.closed).toBeUndefined();
    expect(witness.events.map(({ body }) => body)).toEqual([{ nick: "alice", here: true }]);
  } finally {
    clearInterval(pinging);
    link.close();
    witness.close();
  }
});

async function keepsItsLink(transport: TransportName, how: "stopped" | "busy"): Promise<void> {
  const server = keep(await startPatientServer());
  const script = join(import.meta.dirname, "held-up.ts");
  const client = keep(run([server.url.href, transport, String(HELD_UP)], { script }));
  const lines = new Log<string>();
  void (async () => {
    for await (const line of client.lines) lines.add(line);
  })();
  await lines.first("being live", (line) => line.startsWith("live"));
  await heartbeats(2);
  if (how === "busy") {
    client.kill("SIGUSR2");
    await lines.first("being back", (line) => line === "back");
  } else {
    client.kill("SIGSTOP");
    await heartbeats(HELD_UP / HEARTBEAT);
    client.kill("SIGCONT");
  }
  await heartbeats(4);
  expect(lines.items.filter((line) => line.startsWith("lost"))).toEqual([]);
}

async function firstLine(child: Run): Promise<string> {
  for await (const line of child.lines) return line;
  throw new Error(`ended: ${(await child.exited).stderr}`);
}

async function heartbeats(count: number): Promise<void> {
  using counter = new Heartbeats(HEARTBEAT);
  while (counter.count < count) await new Promise((resolve) => setTimeout(resolve, HEARTBEAT / 4));
}

/** A server that calls nobody silent: so whoever ends a link is the client. */
function startPatientServer(): Promise<FakeServer> {
  const topic = {
    kind: "topic",
    n: 1,
    topic: "room:lobby",
    epoch: "aaaaa",
    after: 0,
    base: 0,
    mode: "log",
  };
  const greeting = [
    { kind: "welcome", version: 1, server: "zzzzz", time: 0, heartbeat: HEARTBEAT },
    topic,
    { kind: "synced", cursor: "room:lobby@aaaaa.0" },
  ];
  const frames = (response: ServerResponse, ...said: readonly object[]) =>
    response
      .writeHead(200, { "content-type": "application/x-ndjson" })
      .end(said.map((frame) => `${JSON.stringify(frame)}\n`).join(""));
  const beat = (
    say: (frame: object) => void,
    on: (event: "close", listener: () => void) => unknown,
  ) => {
    const timer = setInterval(() => say({ kind: "heartbeat" }), HEARTBEAT / 2);
    on("close", () => clearInterval(timer));
  };
  return startFakeServer({
    websocket: (websocket: WebSocket) => {
      websocket.on("error", () => {});
      const say = (frame: object) => websocket.send(JSON.stringify(frame));
      for (const frame of greeting) say(frame);
      beat(say, (event, listener) => websocket.on(event, listener));
    },
    request: ({ url = "" }, response) => {
      if (url.startsWith("/v1/ping"))
        return void frames(response, { kind: "clock", id: 0, time: 0 });
      if (url.startsWith("/v1/polling")) return void frames(response, ...greeting);
      if (url.startsWith("/v1/long-polling"))
        return void setTimeout(() => response.writeHead(204).end(), HEARTBEAT / 2);
      response.writeHead(200, { "content-type": "text/event-stream" });
      const say = (frame: object) => response.write(`data: ${JSON.stringify(frame)}\n\n`);
      for (const frame of greeting) say(frame);
      beat(say, (event, listener) => response.on(event, listener));
    },
  });
}
