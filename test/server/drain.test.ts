import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { temporary } from "./folder.ts";
import { cursorOf, start, texts } from "./support.ts";

test("a server that stops tells every link when to come back, and ends it", async () => {
  await using server = await start();
  const websocket = await server.websocket("topic=room:a&link=s.1");
  const sse = await server.sse("topic=room:a");
  await websocket.frame("synced");
  await sse.frame("synced");
  const cursor = cursorOf(await server.get("/v1/polling?topic=room:a"));
  const waiting = server.get(`/v1/long-polling?cursor=${cursor}`);
  // Answered after the long poll was taken in: it came over another connection, later.
  await server.get("/healthz");
  const stopped = server.stop();
  for (const link of [websocket, sse]) {
    const { after } = await link.frame("drain");
    expect(after).toBeGreaterThan(0);
    expect(await link.frame("error")).toMatchObject({ code: "draining" });
  }
  expect(await websocket.end()).toBe(4503);
  expect(await sse.end()).toBe(0);
  expect((await waiting).frames).toMatchObject([{ kind: "drain" }, { kind: "synced", cursor }]);
  await stopped;
});

test("what was being published when it stopped is acknowledged and kept, or neither", async () => {
  await using folder = await temporary();
  const server = await start({ database: folder.file });
  const said = server.say("room:a", texts(256), "producer-d").catch(() => []);
  await server.get("/v1/rooms");
  await server.stop();
  const acked = (await said).filter(({ kind }) => kind === "ack");
  await using next = await start({ database: folder.file });
  const link = await next.websocket("topic=room:a&since=beginning");
  await link.frame("synced");
  expect([0, 256]).toContain(link.events.length);
  expect(acked.length).toBeLessThanOrEqual(link.events.length);
  // The retry is acknowledged and appends what isn't there yet.
  const again = await next.say("room:a", texts(256), "producer-d");
  expect(again.map(({ kind }) => kind)).toEqual(Array(256).fill("ack"));
  await link.heard("room:a", 256);
  await server[Symbol.asyncDispose]();
});

test("a server that is stopping answers what is still asked with 503", async () => {
  await using server = await start();
  // A link that doesn't answer the closing handshake keeps the server waiting for a moment.
  const stuck = await server.websocket("topic=room:a");
  await stuck.frame("synced");
  const socket = connect(server.port, "127.0.0.1");
  await once(socket, "connect");
  const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  ask("/healthz");
  await once(socket, "data");
  stuck.pause();
  // Half a request is no idle connection.
  socket.write("GET /v1/polling?topic=room:a HTTP/1.1\r\n");
  await server.get("/healthz");
  const stopped = server.stop();
  socket.write("Host: localhost\r\nConnection: close\r\n\r\n");
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer).toMatch(/"code":"draining".*"after":\d+/);
  await stopped;
});

test("stopping twice is stopping once", async () => {
  const server = await start();
  await Promise.all([server.stop(), server.stop()]);
  await server[Symbol.asyncDispose]();
});

test("a server that could not start leaves its port", async () => {
  await using folder = await temporary();
  await using first = await start({ database: folder.file });
  const free = await start();
  const { port } = free;
  await free.stop();
  await expect(start({ database: folder.file, port })).rejects.toMatchObject({ code: "locked" });
  await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
  // Whoever has both lives on.
  expect((await first.get("/healthz")).status).toBe(200);
});
