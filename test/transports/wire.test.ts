import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
} from "node:tls";
import { beforeAll, describe, expect, test } from "vitest";
import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import { openWire } from "../../src/transports/shared/client/wire.ts";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { serve } from "../client/support/server.ts";
import { eventually, within } from "../client/support/wait.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { certificate, key } from "./support/certificate.ts";
import { failureOf } from "./support/failure.ts";
import { nothingMoreThan, openHandles } from "./support/handles.ts";
import { Probe } from "./support/probe.ts";
import { range } from "./support/range.ts";
import { keep } from "../client/support/keep.ts";

/** Listens for this test; gives the port. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  keep({
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  });
  return (server.address() as AddressInfo).port;
}

/** Ends TLS and passes on what was in it. */
function terminator(target: number): Server {
  return createTlsServer({ cert: certificate, key }, (socket) => {
    const plain = connect(target, "127.0.0.1");
    socket.on("error", () => plain.destroy()).on("close", () => plain.destroy());
    plain.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.pipe(plain).pipe(socket);
  });
}

describe.each(TRANSPORTS)("over TLS, %s", (name) => {
  const transport = CLIENT_TRANSPORTS.get(name)!;
  beforeAll(() => setDefaultCACertificates([...getCACertificates("default"), certificate]));

  test.each(["127.0.0.1", "localhost"])(
    "works with a certificate of %s, and counts below it",
    async (host) => {
      const server = await serve();
      keep(server);
      const proxy = await startFaultProxy(await listen(terminator(server.port)));
      keep(proxy);
      const probe = await Probe.open(transport, new URL(`https://${host}:${proxy.port}`));
      keep(probe);
      await probe.publish(range(1, 50));
      await probe.frames.until(
        "events and acks",
        () => probe.texts().length === 50 && probe.all("ack").length === 50,
      );
      await probe.close();
      const { down, up } = probe.wire.bytes();
      await eventually("the same bytes at the proxy", () => proxy.up >= up);
      expect(up).toBe(proxy.up);
      // What is still on its way when the connection is dropped reaches the proxy alone.
      expect(down).toBeLessThanOrEqual(proxy.down);
      expect(proxy.down - down).toBeLessThan(1_000);
    },
  );

  test("is blocked by a server without TLS", async () => {
    const server = await serve();
    keep(server);
    const error = await failureOf(
      Probe.open(transport, new URL(`https://127.0.0.1:${server.port}`)),
    );
    expect(["blocked", "closed"]).toContain(error.failure);
  });

  test("survives a reset in the middle of the handshake", async () => {
    const port = await listen(
      createServer((socket) => void socket.once("data", () => socket.resetAndDestroy())),
    );
    const error = await failureOf(Probe.open(transport, new URL(`https://127.0.0.1:${port}`)));
    expect(error.failure).toBe("closed");
  });

  test("fails as unreachable where nobody listens", async () => {
    const server = await serve();
    await server.stop();
    const error = await failureOf(
      Probe.open(transport, new URL(`https://127.0.0.1:${server.port}`)),
    );
    expect(error.failure).toBe("unreachable");
  });
});

describe("a wire", () => {
  test("has counted nothing before it is used", async () => {
    await using wire = openWire(new URL("http://127.0.0.1:1"));
    expect(wire.bytes()).toEqual({ down: 0, up: 0 });
  });

  test("keeps its count when its connections are gone", async () => {
    await using server = await serve();
    const wire = openWire(server.url);
    const { body } = await wire.pool.request({ method: "GET", path: "/healthz" });
    await body.text();
    const before = wire.bytes();
    expect(before.down).toBeGreaterThan(100);
    await wire[Symbol.asyncDispose]();
    await eventually("the sockets being gone", () => wire.bytes().down === before.down);
    expect(wire.bytes()).toEqual(before);
  });

  test("can be released while it connects, and more than once", async () => {
    const before = openHandles();
    // An address that nobody has.
    const wire = openWire(new URL("http://192.0.2.1:9"));
    const request = wire.pool.request({ method: "GET", path: "/" });
    const socket = wire.dial();
    const refused = expect(request).rejects.toThrow();
    await within(5_000, "the release", wire[Symbol.asyncDispose]());
    await within(5_000, "the release", wire[Symbol.asyncDispose]());
    await refused;
    expect(socket.destroyed).toBe(true);
    await nothingMoreThan(before);
  });
});
