import { describe, expect, test } from "vitest";
import { openWire } from "../../../src/transports/shared/client/wire.ts";
import { type ClientTransport, LinkError, type Wire } from "../../../src/transports/transport.ts";
import { keep } from "../../client/support/keep.ts";
import { serve, type TestServerOptions } from "../../client/support/server.ts";
import { within } from "../../client/support/wait.ts";
import { failureOf } from "../support/failure.ts";
import { nothingMoreThan, openHandles } from "../support/handles.ts";
import { Probe, type ProbeOptions } from "../support/probe.ts";
import { range } from "../support/range.ts";

const ROUNDS = 10;

/** That nothing of a link stays behind, wherever it ends. */
export function release(transport: ClientTransport): void {
  const open = async (url: URL, options?: ProbeOptions) =>
    keep(await Probe.open(transport, url, options));
  // A link that nobody reads yet.
  const openUnread = (wire: Wire, signal = new AbortController().signal) => {
    const topics = new Map([["room:lobby", "beginning"] as const]);
    const hello = () => ({ topics, link: { session: "unread", number: 1 } });
    return transport.open({ wire, hello, pollInterval: { min: 5, max: 20 } }, signal);
  };
  const server = async (options?: TestServerOptions) => keep(await serve(options));

  describe("leaves nothing open when it is aborted", () => {
    test("before it begins", async () => {
      const { url } = await server();
      const before = openHandles();
      const error = await failureOf(
        Probe.open(transport, url, {
          signal: AbortSignal.abort(new LinkError("closed", "enough")),
        }),
      );
      expect(error.message).toBe("enough");
      await nothingMoreThan(before);
    });

    test("at any point while it opens", async () => {
      const { url } = await server();
      const before = openHandles();
      for (let round = 0; round < ROUNDS; round++) {
        const aborter = new AbortController();
        const wire = openWire(url);
        const opening = openUnread(wire, aborter.signal);
        // So many turns of the event loop later.
        for (let turn = 0; turn < round; turn++)
          await new Promise((resolve) => setImmediate(resolve));
        aborter.abort(new LinkError("closed", "enough"));
        // Where it was quicker, the link is there and has to be closed.
        const link = await opening.catch((error: unknown) => {
          expect(error).toMatchObject({ name: "LinkError", message: "enough" });
          return undefined;
        });
        if (link) await within(5_000, "closing", link[Symbol.asyncDispose]());
        await wire[Symbol.asyncDispose]();
      }
      await nothingMoreThan(before);
    });

    test("while nobody reads it", async () => {
      const { url } = await server();
      const writer = await open(url);
      await writer.publish(range(1, 100));
      await writer.frames.until("all acks", () => writer.all("ack").length === 100);
      const before = openHandles();
      const wire = openWire(url);
      const link = await openUnread(wire);
      await within(5_000, "closing", link[Symbol.asyncDispose]());
      await wire[Symbol.asyncDispose]();
      await nothingMoreThan(before);
    });

    test("in the middle of a replay", async () => {
      const { url } = await server();
      const writer = await open(url);
      for (let from = 1; from <= 1_500; from += 250) await writer.publish(range(from, from + 249));
      await writer.frames.until("all acks", () => writer.all("ack").length === 1_500);
      const before = openHandles();
      const wire = openWire(url);
      const link = await openUnread(wire);
      for await (const batch of link.frames) {
        if (batch.some(({ kind }) => kind === "event")) break;
      }
      await within(5_000, "closing", link[Symbol.asyncDispose]());
      await wire[Symbol.asyncDispose]();
      await nothingMoreThan(before);
    });

    test("while it is idle", async () => {
      const { url } = await server();
      const before = openHandles();
      for (let round = 0; round < ROUNDS; round++) {
        const probe = await Probe.open(transport, url);
        await probe.first("synced");
        await within(5_000, "closing", probe.close());
        expect(await probe.ended).toBeUndefined();
      }
      await nothingMoreThan(before);
    });
  });
}
