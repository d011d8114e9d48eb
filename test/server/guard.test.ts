import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { start, type TestServer } from "./support.ts";

async function ask(server: TestServer, headers: Record<string, string>, path = "/healthz") {
  // undici and browsers don't let a Host be made up.
  const asked = request(`${server.url}${path}`, { headers, agent: false });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return { status: response.statusCode, text: await text(response) };
}

test.each([
  { host: "localhost" },
  { host: "localhost:4400" },
  { host: "LOCALHOST:80" },
  { host: "backchat.localhost" },
  { host: "127.0.0.1:4400" },
  { host: "127.1.2.3" },
  { host: "[::1]:4400" },
  { host: "192.168.1.5" },
  { host: "localhost", origin: "http://localhost:3000" },
  { host: "127.0.0.1:4400", origin: "http://localhost:4400" },
  { host: "192.168.1.5:4400", origin: "http://192.168.1.5:4400" },
])("a server on loopback answers %j", async (headers) => {
  await using server = await start();
  expect(await ask(server, headers)).toMatchObject({ status: 200 });
});

test.each([
  // Names that somebody else's DNS may have pointed here.
  { host: "evil.example" },
  { host: "127.evil.example" },
  { host: "127.0.0.1.evil.example" },
  { host: "localhost.evil.example" },
  { host: "localhost@evil.example" },
  { host: "]" },
  // Pages of others.
  { host: "localhost", origin: "http://evil.example" },
  { host: "localhost", origin: "http://127.evil.example" },
  { host: "localhost", origin: "https://localhost.evil.example" },
  { host: "localhost", origin: "null" },
  { host: "localhost", origin: "" },
  { host: "localhost", origin: "file://" },
  { host: "192.168.1.5", origin: "http://192.168.1.6" },
])("and refuses %j", async (headers) => {
  await using server = await start();
  const answer = await ask(server, headers);
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.text)).toMatchObject({ kind: "error", code: "forbidden" });
});

test("and whoever names no host at all", async () => {
  await using server = await start();
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET /healthz HTTP/1.0\r\n\r\n");
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 .*"forbidden"/s);
});

test("a WebSocket of another origin is refused before it is one", async () => {
  await using server = await start();
  await expect(server.websocket("topic=room:a", { origin: "http://evil.example" })).rejects.toThrow(
    /^status 403: .*"forbidden"/,
  );
  await server.websocket("topic=room:a", { origin: "http://localhost:8080" });
});

test("a server for others takes any host, and pages of that host alone", async () => {
  await using server = await start({ host: "0.0.0.0" });
  expect(await ask(server, { host: "chat.example" })).toMatchObject({ status: 200 });
  const own = { host: "chat.example", origin: "https://chat.example" };
  expect(await ask(server, own)).toMatchObject({ status: 200 });
  const other = { host: "chat.example", origin: "https://evil.example" };
  expect(await ask(server, other)).toMatchObject({ status: 403 });
  const cousin = { host: "chat.example", origin: "http://localhost" };
  expect(await ask(server, cousin)).toMatchObject({ status: 403 });
});

test("a server on ::1 says so in its address", async () => {
  await using server = await start({ host: "::1" });
  expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect(await ask(server, { host: "evil.example" })).toMatchObject({ status: 403 });
  expect((await server.get("/healthz")).status).toBe(200);
});
