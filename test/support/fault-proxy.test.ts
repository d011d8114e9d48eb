import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startFaultProxy } from "./fault-proxy/proxy.ts";
import { schedule } from "./fault-proxy/schedule.ts";

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** A server that says everything back, and what it has heard. */
async function echo() {
  const heard: { text: string; end: "open" | "fin" | "rst" }[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const entry: (typeof heard)[number] = { text: "", end: "open" };
    heard.push(entry);
    socket.on("data", (bytes) => {
      entry.text += bytes.toString();
      socket.write(bytes);
    });
    socket.on("end", () => {
      entry.end = "fin";
      socket.end();
    });
    socket.on("error", () => (entry.end = "rst"));
  });
  const proxy = stack.use(await startFaultProxy(await listen(server)));
  return { proxy, heard };
}

/** A client, and what it has heard. */
function client(port: number) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  stack.defer(() => void socket.destroy());
  const heard = { text: "", end: "open" };
  const ended = Promise.withResolvers<void>();
  socket.on("data", (bytes) => (heard.text += bytes.toString()));
  socket.on("end", () => {
    if (heard.end === "open") heard.end = "fin";
    ended.resolve();
  });
  socket.on("error", ({ code }: NodeJS.ErrnoException) => {
    heard.end = code ?? "error";
    ended.resolve();
  });
  const has = async (text: string) => {
    while (!heard.text.endsWith(text)) await once(socket, "data");
  };
  return { socket, heard, ended: ended.promise, has };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A server whose answers to requests count up, and the requests that reached it. */
async function web() {
  const requests: string[] = [];
  const server = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => (body += bytes.toString()));
    request.on("end", () => {
      requests.push(`${request.method} ${request.url} ${body}`);
      response.setHeader("content-length", 2);
      response.end(`n${requests.length}`);
    });
  });
  const port = await listen(server);
  return { port, requests, proxy: stack.use(await startFaultProxy(port)) };
}

const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe("a proxy without a fault", () => {
  test("counts exactly what passes, each way, past a half-closed side", async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("data", () => {}).on("end", () => socket.end("x".repeat(100_000)));
    });
    const proxy = stack.use(await startFaultProxy(await listen(server)));
    const { socket } = client(proxy.port);
    socket.removeAllListeners("data");
    socket.end("y".repeat(1_234));
    expect(Buffer.concat(await socket.toArray())).toHaveLength(100_000);
    expect([proxy.up, proxy.down]).toEqual([1_234, 100_000]);
    await until(() => proxy.open === 0);
  });

  test("passes on a reset as a reset, either way", async () => {
    const { proxy, heard } = await echo();
    const one = client(proxy.port);
    one.socket.write("hello");
    await one.has("hello");
    one.socket.resetAndDestroy();
    await until(() => heard[0]!.end === "rst");
  });

  test("cuts its connections when it closes", async () => {
    const { proxy } = await echo();
    const one = client(proxy.port);
    one.socket.write("hello");
    await one.has("hello");
    await proxy[Symbol.asyncDispose]();
    await one.ended;
    await proxy[Symbol.asyncDispose]();
  });

  test("passes requests and their answers through one connection, however they are cut", async () => {
    const { proxy, requests } = await web();
    const one = client(proxy.port);
    for (const byte of post("/a", "first")) one.socket.write(byte);
    await one.has("n1");
    one.socket.write(post("/b", "second") + post("/c", ""));
    await one.has("n3");
    expect(requests).toEqual(["POST /a first", "POST /b second", "POST /c "]);
    expect(proxy.connections).toBe(1);
  });
});

describe("a fault of a connection", () => {
  test.each(["fin", "rst"] as const)("cut by %s after so many bytes up", async (how) => {
    const { proxy, heard } = await echo();
    await proxy.inject({ kind: "cut", how, direction: "up", after: 3 });
    const one = client(proxy.port);
    one.socket.write("hello");
    await one.ended;
    expect(one.heard.end).toBe(how === "fin" ? "fin" : "ECONNRESET");
    await until(() => heard[0]!.end === how);
    // A reset may overtake what it follows.
    if (how === "fin") expect(heard[0]!.text).toBe("hel");
    expect(proxy.injected.get("cut")).toBe(1);
  });

  test("cut after so many bytes down", async () => {
    const { proxy, heard } = await echo();
    await proxy.inject({ kind: "cut", how: "fin", direction: "down", after: 3 });
    const one = client(proxy.port);
    one.socket.write("hello");
    await one.ended;
    expect(one.heard).toEqual({ text: "hel", end: "fin" });
    expect(heard[0]!.text).toBe("hello");
  });

  test("cut of those that are open leaves new ones alone", async () => {
    const { proxy } = await echo();
    const one = client(proxy.port);
    one.socket.write("a");
    await one.has("a");
    proxy.cut();
    await one.ended;
    const other = client(proxy.port);
    other.socket.write("b");
    await other.has("b");
  });

  test("stalled: nothing passes, not even the end, until it is healed", async () => {
    const { proxy, heard } = await echo();
    const one = client(proxy.port);
    one.socket.write("a");
    await one.has("a");
    proxy.freeze();
    one.socket.write("b");
    one.socket.resetAndDestroy();
    const other = client(proxy.port);
    other.socket.write("c");
    await until(() => proxy.injected.get("stall") === 2);
    expect(heard[0]).toEqual({ text: "a", end: "open" });
    expect(heard[1]).toEqual({ text: "", end: "open" });
    await proxy.heal();
    await other.has("c");
    await until(() => heard[0]!.end === "rst");
  });

  test("stalled in one direction alone", async () => {
    const { proxy, heard } = await echo();
    await proxy.inject({ kind: "stall", direction: "down", after: 2 });
    const one = client(proxy.port);
    one.socket.write("abc");
    await one.has("ab");
    one.socket.write("def");
    await until(() => heard[0]!.text === "abcdef");
    expect(one.heard.text).toBe("ab");
    await proxy.heal();
    await one.has("abcdef");
  });

  test("slow and delayed, but whole and in order", async () => {
    const { proxy } = await echo();
    const text = Array.from({ length: 500 }, (_, index) => String(index)).join(" ");
    await proxy.inject({ kind: "slow", direction: "up", rate: 20_000 });
    const one = client(proxy.port);
    one.socket.write(text);
    await one.has(text);
    await proxy.inject({ kind: "delay", direction: "both", ms: 10, jitter: 20 });
    one.socket.write(`${text}.`);
    await one.has(`${text}.`);
    expect(one.heard.text).toBe(`${text}${text}.`);
    expect(Object.fromEntries(proxy.injected)).toEqual({ slow: 1, delay: 1 });
  });

  test("refused, and accepted again on the same port", async () => {
    const { proxy } = await echo();
    const open = client(proxy.port);
    open.socket.write("a");
    await open.has("a");
    await proxy.inject({ kind: "refuse" });
    const refused = client(proxy.port);
    await refused.ended;
    expect(refused.heard.end).toBe("ECONNREFUSED");
    open.socket.write("b");
    await open.has("b");
    await proxy.heal();
    const again = client(proxy.port);
    again.socket.write("c");
    await again.has("c");
  });

  test("accepted in silence", async () => {
    const { proxy, heard } = await echo();
    await proxy.inject({ kind: "silent" }, { on: "new" });
    const one = client(proxy.port);
    one.socket.write("hello");
    await until(() => proxy.injected.get("silent") === 1);
    expect(heard).toEqual([]);
    await proxy.heal();
    await one.ended;
  });

  test("a server that is away is answered for", async () => {
    const nobody = createServer();
    const port = await listen(nobody);
    nobody.close();
    const proxy = stack.use(await startFaultProxy(port, { away: 503 }));
    const one = client(proxy.port);
    one.socket.write(post("/", "x"));
    await one.ended;
    expect(one.heard.text).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe("a fault of a request", () => {
  test("answered in the server's place", async () => {
    const { proxy, requests } = await web();
    await proxy.inject({ kind: "answer", status: 502 }, { path: "/b", times: 1 });
    const one = client(proxy.port);
    one.socket.write(post("/a", "x"));
    await one.has("n1");
    one.socket.write(post("/b", "y".repeat(10_000)));
    await one.ended;
    expect(one.heard.text).toContain("HTTP/1.1 502 ");
    const other = client(proxy.port);
    other.socket.write(post("/b", "z"));
    await other.has("n2");
    expect(requests).toEqual(["POST /a x", "POST /b z"]);
    expect(proxy.injected.get("answer")).toBe(1);
  });

  test("its response is lost", async () => {
    const { proxy, requests } = await web();
    await proxy.inject({ kind: "lose-response" }, { path: "/b", times: 1 });
    const one = client(proxy.port);
    one.socket.write(post("/a", "x"));
    await one.has("n1");
    const before = one.heard.text;
    one.socket.write(post("/b", "y"));
    await one.ended;
    expect(one.heard).toEqual({ text: before, end: "ECONNRESET" });
    expect(requests).toEqual(["POST /a x", "POST /b y"]);
  });

  test("passed on twice", async () => {
    const { proxy, requests } = await web();
    await proxy.inject({ kind: "repeat" }, { path: "/b", times: 1 });
    const one = client(proxy.port);
    one.socket.write(post("/b", "y"));
    await until(() => requests.length === 2);
    one.socket.write(post("/b", "z"));
    await one.has("n3");
    expect(requests).toEqual(["POST /b y", "POST /b y", "POST /b z"]);
    expect(one.heard.text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  });
});

test("a schedule is the same for the same seed", () => {
  const steps = (seed: number) => schedule(seed, { pause: 100, lasts: 200 }).take(200).toArray();
  expect(steps(7)).toEqual(steps(7));
  expect(steps(7)).not.toEqual(steps(8));
  expect(new Set(steps(7).map(({ fault }) => fault.kind)).size).toBe(9);
  expect(JSON.parse(JSON.stringify(steps(7)))).toEqual(steps(7));
});
