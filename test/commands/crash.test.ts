import { join } from "node:path";
import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { paced } from "./load.ts";
import { live, next, printed, texts } from "./output.ts";

/** How often the server is killed; a longer run by hand is the same test. */
const KILLS = Number(process.env["LOAD_KILLS"] ?? 3);
const PER_SECOND = 200;
/** Lines between two kills. */
const STRETCH = 300;

test(
  "a server that is killed again and again keeps what it acknowledged, once and in order",
  { timeout: KILLS * 15_000 + 30_000 },
  async () => {
    using folder = createSandbox();
    const count = (KILLS + 1) * STRETCH;
    const wanted = Array.from({ length: count }, (_, index) => `line ${index + 1}`);
    const options = { db: join(folder.home, "rooms.db"), args: ["--feed", "none"] };
    let server = await startServer(options);
    try {
      const { url, port } = server;
      await using tail = run([
        "tail",
        url,
        "room:load",
        "--rotate",
        "0.3",
        "--count",
        String(count),
      ]);
      await live(tail);
      await using send = run(["send", url, "room:load", "--rotate", "0.4"], {
        stdin: paced(count, PER_SECOND),
      });
      for (let kill = 1; kill <= KILLS; kill++) {
        await next(tail, "event", ({ offset }) => offset >= kill * STRETCH - STRETCH / 2);
        await server.kill9();
        await server[Symbol.asyncDispose]();
        server = await startServer({ ...options, port });
      }

      const sent = await send.exited;
      expect(sent).toMatchObject({ code: 0, stderr: "" });
      const acks = printed(sent.stdout, "ack");
      expect(acks.map(({ id, offset }) => [id, offset])).toEqual(
        wanted.map((_, index) => [index + 1, index + 1]),
      );

      const followed = await tail.exited;
      expect(followed).toMatchObject({ code: 0, stderr: "" });
      expect(texts(printed(followed.stdout, "event"))).toEqual(wanted);
      expect(printed(followed.stdout, "gap")).toEqual([]);
      expect(printed(followed.stdout, "stats").at(-1)!.reconnects).toBeGreaterThanOrEqual(1);

      await using again = run([
        "tail",
        url,
        "room:load",
        "--since",
        "beginning",
        "--count",
        String(count),
      ]);
      const events = printed((await again.exited).stdout, "event");
      expect(texts(events)).toEqual(wanted);
      expect(new Set(events.map(({ epoch }) => epoch)).size).toBe(1);
      await using head = run(["tail", url, "room:load", "--since", "1", "--count", "1"]);
      expect(printed((await head.exited).stdout, "event")[0]?.offset).toBe(count);
      expect(await server.stop()).toBe(0);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  },
);
