// What is posted beside a link fails in every way there is. centrifuge-js#393: a failed POST kills the process.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TRANSPORTS } from "../../src/transports/transport.ts";
import { Client, publishAll, texts } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { eventually } from "../client/support/wait.ts";
import type { Fault } from "../support/fault-proxy/fault.ts";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";

const HEARTBEAT = 1_000;

const FAULTS: readonly Fault[] = [
  ...[400, 403, 404, 407, 413, 429, 500, 502, 503, 504].map(
    (status) => ({ kind: "answer", status }) as const,
  ),
  { kind: "stall", direction: "both", after: 0 },
  { kind: "lose-response" },
  { kind: "repeat" },
  { kind: "stall", direction: "down", after: 40 },
  ...(["fin", "rst"] as const).flatMap((how) =>
    [0, 1, 15, 60, 150].map((after) => ({ kind: "cut", how, direction: "down", after }) as const),
  ),
  { kind: "cut", how: "rst", direction: "up", after: 0 },
];

const rejections: unknown[] = [];
const reject = (error: unknown) => void rejections.push(error);
beforeEach(() => {
  rejections.length = 0;
  process.on("unhandledRejection", reject);
});
afterEach(() => {
  process.off("unhandledRejection", reject);
});

describe.each(TRANSPORTS.filter((transport) => transport !== "websocket"))("%s", (transport) => {
  test.each(["/v1/publish", "/v1/ping"])(
    `%s failing in ${FAULTS.length} ways: each publish is kept once, and nothing is left unhandled`,
    async (path) => {
      const { port } = keep(await serve({ heartbeat: HEARTBEAT }));
      await Promise.all(
        FAULTS.map(async (fault, index) => {
          const proxy = keep(await startFaultProxy(port));
          const room = `room:r${index}`;
          const client = keep(
            await Client.live(proxy.url, transport, {
              topics: { [room]: "beginning" },
              pingInterval: HEARTBEAT / 4,
            }),
          );
          await proxy.inject(fault, { path, times: 1 });
          await publishAll(client.session, "m", 5, room);
          await eventually(`${fault.kind} having happened`, () => proxy.injected.has(fault.kind));
          await publishAll(client.session, "n", 5, room);
          expect(await client.received(10, room)).toEqual([...texts("m", 5), ...texts("n", 5)]);
        }),
      );
      expect(rejections).toEqual([]);
    },
    60_000,
  );

  test("the last word failing: a session ends all the same", async () => {
    const { port } = keep(await serve({ heartbeat: HEARTBEAT }));
    await Promise.all(
      FAULTS.map(async (fault) => {
        const proxy = keep(await startFaultProxy(port));
        const client = await Client.live(proxy.url, transport, { nick: "bob" });
        await proxy.inject(fault, { path: "/v1/bye" });
        await client.close();
      }),
    );
    expect(rejections).toEqual([]);
  }, 60_000);
});
