import { expect, test } from "vitest";
import { type ClientTransport, LinkError } from "../../../src/transports/transport.ts";
import { keep } from "../../client/support/keep.ts";
import { startFaultProxy } from "../../support/fault-proxy/proxy.ts";
import { serve, type TestServerOptions } from "../../client/support/server.ts";
import { eventually, within } from "../../client/support/wait.ts";
import { failureOf } from "../support/failure.ts";
import { Probe, type ProbeOptions } from "../support/probe.ts";
import { range } from "../support/range.ts";

/** How a link fails and ends, and what it has cost by then. */
export function ending(transport: ClientTransport): void {
  const { name } = transport;
  const open = async (url: URL, options?: ProbeOptions) =>
    keep(await Probe.open(transport, url, options));
  const server = async (options?: TestServerOptions) => keep(await serve(options));

  test("is told a refusal, with what would have been accepted", async () => {
    const { url } = await server();
    const holder = await open(url, { nick: "alice", identity: "a-secret-of-alice" });
    await holder.first("synced");
    const error = await failureOf(
      Probe.open(transport, url, { nick: "Alice", identity: "a-secret-of-bob-1" }),
    );
    expect(error).toMatchObject({ failure: "refused", retryable: false });
    expect(error.refusal).toMatchObject({ code: "nick-taken", suggestion: "Alice2" });
  });

  test("fails as unreachable where nobody listens", async () => {
    const { url, stop } = await server();
    await stop();
    const error = await failureOf(Probe.open(transport, url));
    expect(error).toMatchObject({ failure: "unreachable", retryable: true });
  });

  test("hears when not to come back before, when the server stops", async () => {
    const { url, stop } = await server();
    const probe = await open(url);
    await probe.first("synced");
    // A long poll has to be on its way, or it would find the door closed as a poll does.
    if (name !== "polling") while ((await linksOf(probe)) === 0);
    const stopped = stop();
    const error = await within(5_000, "the end of the link", probe.ended);
    await stopped;
    expect(error).toMatchObject({ name: "LinkError", retryable: true });
    const { failure, after } = error as LinkError;
    if (name === "polling") {
      expect(["closed", "refused", "unreachable"]).toContain(failure);
    } else {
      expect(failure).toBe("closed");
      expect(after).toBeGreaterThan(0);
    }
  });

  test("ends when the connection is cut, and can't be sent on after", async () => {
    const { port } = await server();
    const proxy = keep(await startFaultProxy(port));
    const probe = await open(proxy.url);
    await probe.first("synced");
    await proxy.kill();
    const error = await within(5_000, "the end of the link", probe.ended);
    expect(error).toBeInstanceOf(LinkError);
    expect(["closed", "unreachable"]).toContain((error as LinkError).failure);
    await expect(probe.publish([1])).rejects.toBeInstanceOf(LinkError);
  });

  test("counts every byte of the connections, both ways", async () => {
    const { port } = await server();
    const proxy = keep(await startFaultProxy(port));
    const probe = await open(new URL(`http://127.0.0.1:${proxy.port}`), { nick: "counter" });
    await probe.publish(range(1, 200));
    await probe.frames.until(
      "all of it",
      () => probe.texts().length === 200 && probe.all("ack").length === 200,
    );
    await probe.link.send([{ kind: "ping", id: 1 }]);
    await probe.first("pong");
    await probe.link[Symbol.asyncDispose]();
    await probe.wire[Symbol.asyncDispose]();
    const { down, up } = probe.wire.bytes();
    await eventually("the same bytes at the proxy", () => proxy.down >= down && proxy.up >= up);
    // What is on its way when a stream is dropped reaches the proxy, and nobody else.
    expect(proxy.up).toBe(up);
    expect(proxy.down).toBe(down);
  });
}

/** How many links the server has. */
async function linksOf({ wire }: Probe): Promise<number> {
  const { body } = await wire.pool.request({ method: "GET", path: "/healthz" });
  return ((await body.json()) as { links: number }).links;
}
