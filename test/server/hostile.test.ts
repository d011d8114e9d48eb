// What no client of ours sends: it is answered by name, and the server goes on.
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { errorOf, JSON_TYPE, NDJSON, publishFrame, start, type TestServer } from "./support.ts";

/** Say something over a bare socket; resolves with what came back when the server has closed it. */
async function raw(server: TestServer, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  const answer = await text(socket);
  socket.destroy();
  return answer;
}

async function isAlive(server: TestServer): Promise<void> {
  expect((await server.get("/healthz")).status).toBe(200);
  await server.say("room:alive", ["yes"]);
}

test("frames nested as deep as a message can be", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a");
  for (const line of ["[".repeat(60_000), "[".repeat(30_000) + "]".repeat(30_000)]) {
    link.send(line);
    link.send(`{"kind":${line}`);
  }
  link.send(`{"kind":${"[".repeat(30_000)}${"]".repeat(30_000)}}`);
  await link.until(() => link.frames.filter(({ kind }) => kind === "error").length === 5, "errors");
  const deep = "[".repeat(400_000) + "]".repeat(400_000);
  const answer = await server.post("/v1/publish?topic=room:a", deep, JSON_TYPE);
  expect(errorOf(answer)).toMatchObject({ code: "bad-body" });
  await isAlive(server);
});

test("what isn't UTF-8", async () => {
  await using server = await start();
  const broken = Buffer.from([0x68, 0xc3, 0x28, 0xff]);
  const answer = await server.ask("POST", "/v1/publish?topic=room:a", broken);
  expect(errorOf(answer)).toMatchObject({ code: "bad-request" });
  // In a URL it is replaced, as URLs have it.
  expect((await server.get("/v1/polling?topic=room:%ff%fe")).status).toBe(200);
  expect((await server.get("/v1/polling?topic=%")).status).toBe(400);
  await isAlive(server);
});

test("names of what every object has", async () => {
  await using server = await start();
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const [ack] = await server.say(`room:${name}`, [JSON.parse('{"__proto__":{"x":1}}')]);
    expect(ack).toMatchObject({ kind: "ack", offset: 1 });
    const [kept] = await server.say(`feed:${name}`, [{ key: name, constructor: 1 }]);
    expect(kept).toMatchObject({ kind: "ack", offset: 1 });
    expect((await server.post(`/v1/nick?nick=${name}`)).status).toBe(200);
    const link = await server.sse(`topic=room:${name}&topic=feed:${name}&since=beginning`);
    await link.frame("synced");
    expect(link.events).toHaveLength(2);
    expect((await server.get(`/v1/${name}`)).status).toBe(404);
  }
  const [nack] = await server.say("feed:x", [JSON.parse('{"__proto__":{"key":"k"}}')]);
  expect(nack).toMatchObject({ code: "bad-body" });
});

test("lone surrogates, NUL and line breaks inside of a text", async () => {
  await using server = await start();
  const bodies = ['"\\ud800"', '"a\\u0000b"', '"a\\nb\\u2028c"', '{"line":"\\udfff\\u0000"}'];
  for (const body of bodies) {
    expect((await server.post("/v1/publish?topic=room:a", body, JSON_TYPE)).status).toBe(200);
  }
  for (const kind of ["sse", "websocket"] as const) {
    const link = await server[kind]("topic=room:a&since=beginning");
    await link.frame("synced");
    expect(link.events.map((event) => event.body)).toEqual([
      { text: "\ud800" },
      { text: "a\u0000b" },
      { text: "a\nb\u2028c" },
      { line: "\udfff\u0000" },
    ]);
  }
});

test("requests that aren't HTTP, or stop in the middle", async () => {
  await using server = await start();
  expect(await raw(server, "hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*"bad-request"/s);
  const long = `GET /${"x".repeat(70_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  expect(await raw(server, long)).toMatch(/^HTTP\/1\.1 400 .*headers of at most 65536 bytes/s);
  const half = connect(server.port, "127.0.0.1");
  await once(half, "connect");
  half.write(
    "POST /v1/publish?topic=room:a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
  );
  await server.get("/healthz");
  half.resetAndDestroy();
  const other = connect(server.port, "127.0.0.1");
  await once(other, "connect");
  other.end("GET /v1/sse?topic=room:a HTTP/1.1\r\nHost: loc");
  await once(other.resume(), "close");
  await isAlive(server);
});

test("upgrades to something else are passed over, to nowhere refused and closed", async () => {
  await using server = await start();
  const upgrade = (path: string, to: string) =>
    raw(
      server,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: ${to}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
    );
  expect(await upgrade("/healthz", "h2c")).toMatch(/^HTTP\/1\.1 200 /);
  expect(await upgrade("/v1/nowhere", "websocket")).toMatch(/^HTTP\/1\.1 404 .*"not-found"/s);
  expect(await upgrade("/v2/websocket?topic=room:a", "websocket")).toMatch(/"unsupported-version"/);
  expect(await upgrade("/v1/sse?topic=room:a", "websocket")).toMatch(/^HTTP\/1\.1 405 /);
  expect(await upgrade("/v1/websocket", "websocket")).toMatch(/^HTTP\/1\.1 400 .*"bad-request"/s);
  // No key, so no WebSocket: ws refuses that itself.
  expect(await upgrade("/v1/websocket?topic=room:a", "websocket")).toMatch(/^HTTP\/1\.1 400 /);
  const { links } = JSON.parse((await server.get("/healthz")).text) as { links: number };
  expect(links).toBe(0);
});

test("a refused upgrade is closed, though the client keeps its half open", async () => {
  await using server = await start();
  const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write(
    "GET /v1/nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  await once(socket.resume(), "end");
  const reset = once(socket, "error");
  // Nobody is there any more to take it.
  const writing = setInterval(() => socket.write("anybody there?"), 5);
  const [error] = (await reset) as [NodeJS.ErrnoException];
  clearInterval(writing);
  expect(["ECONNRESET", "EPIPE"]).toContain(error.code);
});

test("wrong paths and methods", async () => {
  await using server = await start();
  const code = async (method: "GET" | "POST" | "DELETE" | "OPTIONS", path: string) => {
    const answer = await server.ask(method, path, undefined);
    return `${answer.status} ${errorOf(answer).code}`;
  };
  expect(await code("GET", "/")).toBe("404 not-found");
  expect(await code("GET", "/v1/nothing")).toBe("404 not-found");
  expect(await code("GET", "/v2/polling")).toBe("404 unsupported-version");
  expect(await code("POST", "/v2/publish")).toBe("404 unsupported-version");
  expect(await code("GET", "/v1/publish")).toBe("405 method");
  expect(await code("POST", "/v1/polling")).toBe("405 method");
  expect(await code("DELETE", "/v1/rooms")).toBe("405 method");
  expect(await code("OPTIONS", "/v1/nick")).toBe("405 method");
  expect(await code("GET", "/v1/websocket?topic=room:a")).toBe("405 method");
  expect(await code("POST", "/v1/ping?link=s.1&id=-1")).toBe("400 bad-request");
  expect(await code("POST", "/v1/ping")).toBe("400 bad-request");
  expect(await code("POST", "/v1/bye?link=x")).toBe("400 bad-request");
  expect(await code("POST", "/v1/nick")).toBe("400 bad-nick");
});

test("WebSocket: broken frames end that link alone", async () => {
  await using server = await start();
  const other = await server.websocket("topic=room:a");
  await other.frame("synced");
  const handshake =
    "GET /v1/websocket?topic=room:a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const mask = Buffer.alloc(4);
  const frames = {
    unmasked: Buffer.from([0x81, 0x01, 0x41]),
    "not UTF-8": Buffer.concat([Buffer.from([0x81, 0x82]), mask, Buffer.from([0xc3, 0x28])]),
    reserved: Buffer.concat([Buffer.from([0xf1, 0x81]), mask, Buffer.from([0x41])]),
    endless: Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    half: Buffer.from([0x81]),
  };
  for (const [what, bytes] of Object.entries(frames)) {
    const socket = connect(server.port, "127.0.0.1");
    socket.write(Buffer.concat([Buffer.from(handshake), bytes]));
    await once(socket, "data");
    if (what === "half") socket.resetAndDestroy();
    await once(socket.resume(), "close");
  }
  await server.say("room:a", ["still there"]);
  await other.heard("room:a", 1);
});

test("a POST of frames that can't be read keeps none of them", async () => {
  await using server = await start();
  const lines = [publishFrame("room:a", "x", "producer-h", 1), '{"kind":"ping","id":1}'];
  const answer = await server.post("/v1/publish", lines.join("\n"), NDJSON);
  expect(errorOf(answer)).toMatchObject({ code: "bad-frame" });
  const link = await server.sse("topic=room:a&since=beginning");
  await link.frame("synced");
  expect(link.events).toEqual([]);
});
