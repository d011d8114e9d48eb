import { expect, test } from "vitest";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { run, startServer } from "../support/process.ts";
import { paced } from "./load.ts";
import { live, printed } from "./output.ts";

/** Events; each is some 30 bytes. */
const COUNT = 300;
/** What passes after the last figures were printed, at most: a poll that had been asked already, the goodbye and its answer. */
const GOODBYE = { down: 150, up: 300 };

test.each(["websocket", "sse", "long-polling", "polling"])(
  "over %s, tail reports the bytes that really passed",
  async (transport) => {
    await using server = await startServer({ args: ["--feed", "none"] });
    await using proxy = await startFaultProxy(server.port);
    const through = `http://127.0.0.1:${proxy.port}`;
    await using tail = run([
      "tail",
      through,
      "room:bytes",
      "--transport",
      transport,
      "--count",
      String(COUNT),
    ]);
    await live(tail);
    // Spread over time, so that polls and long polls have to ask again and again.
    await using send = run(["send", server.url, "room:bytes"], { stdin: paced(COUNT, 150) });
    expect((await send.exited).code).toBe(0);

    const { code, stdout } = await tail.exited;
    expect(code).toBe(0);
    const stats = printed(stdout, "stats").at(-1)!;
    expect(stats.messages).toBe(COUNT);
    expectClose(stats.bytesDown, proxy.down, GOODBYE.down);
    expectClose(stats.bytesUp, proxy.up, GOODBYE.up);
  },
);

/** Within 1 %, the goodbye apart; and never more than there was. */
function expectClose(reported: number, passed: number, goodbye: number): void {
  expect(reported).toBeLessThanOrEqual(passed);
  expect(reported).toBeGreaterThanOrEqual(passed * 0.99 - goodbye);
}
