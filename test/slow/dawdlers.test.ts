// Those who are slow in the other direction: they begin to say something, and never end. Each is given up within a bound, and others don't
// notice. Most of it is waiting.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { start, texts } from "../server/support.ts";

/** A request may take 30 s; that is looked at every few seconds. */
const BOUND_MS = 40_000;

/** So long nobody reads, in ms: a little longer than the server waits for that. */
const UNREAD_MS = 33_000;

const LONG = "x".repeat(15_000);
const POLL = "GET /v1/polling?topic=room:a&since=beginning HTTP/1.1\r\nhost: localhost\r\n";
const POST =
  "POST /v1/publish?topic=room:a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n";
const UPGRADE =
  "GET /v1/websocket?topic=room:a&link=s.1 HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

test(
  "idle connections, requests and bodies that never end, answers that nobody reads",
  { timeout: BOUND_MS + 20_000 },
  async () => {
    await using server = await start();
    for (let round = 0; round < 8; round++) await server.say("room:a", texts(60, LONG));
    const ends = {
      "a connection without a word": dawdle(server.port, ""),
      "half a request": dawdle(server.port, "GET /v1/polling?topic=roo"),
      "headers, a byte a second": dawdle(server.port, "GET /healthz HTTP/1.1\r\nx: ", "y"),
      "a body, a byte a second": dawdle(server.port, POST, "y"),
      "a body that stops": dawdle(server.port, `${POST}begun`),
      "half a handshake": dawdle(server.port, UPGRADE),
      "answers that aren't read": unread(server.port),
    };
    await server.say("room:a", ["meanwhile"]);
    const late = await Promise.all(
      Object.entries(ends).map(async ([what, end]) => {
        const timeout = new Promise<string>((resolve) => {
          setTimeout(() => resolve(what), BOUND_MS).unref();
        });
        return Promise.race([end.then(() => undefined), timeout]);
      }),
    );
    expect(late.filter((what) => what !== undefined)).toEqual([]);
    const { links } = JSON.parse((await server.get("/healthz")).text) as { links: number };
    expect(links).toBe(0);
  },
);

test("half a WebSocket frame is no sign of life", async () => {
  await using server = await start({ heartbeat: 200 });
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`${UPGRADE}\r\n`);
  await once(socket, "data");
  // A text of 100 bytes, of which another comes now and then.
  socket.write(Buffer.from([0x81, 0x80 + 100, 0, 0, 0, 0]));
  const dripping = setInterval(() => socket.write("x"), 50);
  socket.on("error", () => {});
  await closed(socket.resume());
  clearInterval(dripping);
  const { links } = JSON.parse((await server.get("/healthz")).text) as { links: number };
  expect(links).toBe(0);
});

// engine.io#559: what deflate keeps for each connection came to gigabytes.
test("a client that offers compression isn't taken up on it", async () => {
  await using server = await start();
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `${UPGRADE}sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n\r\n`,
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 101 /);
  expect(answer.toString().toLowerCase()).not.toContain("extensions");
});

/** Resolves when the server has ended the connection. */
async function dawdle(port: number, begin: string, drop?: string): Promise<void> {
  const socket = await open(port);
  socket.write(begin);
  const timer = setInterval(() => drop !== undefined && socket.write(drop), 1_000);
  await closed(socket.resume());
  clearInterval(timer);
}

/** Resolves when the server has given up on the answers, of which the last were never sent. */
async function unread(port: number): Promise<void> {
  const socket = await open(port);
  // More than the system takes for it.
  socket.write(`${POLL}\r\n`.repeat(59) + `${POLL}connection: close\r\n\r\n`);
  // Who doesn't read doesn't hear of the end either.
  await sleep(UNREAD_MS);
  let answers = 0;
  socket.on("data", (bytes) => (answers += bytes.toString().split("HTTP/1.1 200 OK").length - 1));
  await closed(socket);
  if (answers === 60) throw new Error("all of it was kept for whoever doesn't read");
}

async function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once("close", () => resolve());
  await promise;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}
