import { join } from "node:path";
import { expect, test } from "vitest";
import { Client, publishAll } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { openTerminal } from "../support/terminal.ts";
import { Database } from "./support.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");

test.each([
  [120, 36, "websocket"],
  [80, 24, "sse"],
  [60, 16, "polling"],
] as const)(
  "on %i×%i the log says of each gap what is missing and why, and goes on",
  async (cols, rows, transport) => {
    const database = new Database();
    const { file } = database;
    const first = keep(await serve({ database: file }));
    const { url, port } = first;
    const say = async (prefix: string, count: number, to = url) => {
      await using client = await Client.live(to, "websocket", { topics: {}, nick: "dave" });
      await publishAll(client.session, prefix, count);
    };
    await say("a ", 2);
    const ui = keep(
      openTerminal({
        command: process.execPath,
        args: [CLI, url.href, "--name", "alice", "--transport", transport],
        cols,
        rows,
      }),
    );
    await ui.waitFor(/a 2/);
    await first.stop();
    database.backUp();

    const elsewhere = keep(await serve({ database: file, retain: 2 }));
    await say("b ", 10, elsewhere.url);
    await elsewhere.stop();
    const second = keep(await serve({ port, database: file, retain: 2 }));
    // Two are kept.
    await ui.waitFor(/gap: 8 messages are gone, the server keeps no more[^]*b 9\b[^]*b 10\b/, {
      timeout: 20_000,
    });
    await second.stop();

    database.restore();
    const third = keep(await serve({ port, database: file }));
    await ui.waitFor(/gap: 10 messages are gone, the log was set back/, { timeout: 20_000 });
    // At an offset at which another message was seen before.
    await say("c ", 1);
    await ui.waitFor(/the log was set back[^]*c 1\b/, { timeout: 20_000 });
    // An own one as well: it is marked where it stands, below that.
    ui.write("hello again\r");
    await ui.waitFor(/c 1\b[^]*hello again +✓/);
    await third.stop();

    const fourth = keep(await serve({ port }));
    await ui.waitFor(/hello again +✓[^]*gap: log lost after message [34], a new one begins/, {
      timeout: 20_000,
    });
    await say("d ", 1);
    const screen = await ui.waitFor(/a new one begins[^]*d 1\b/, { timeout: 20_000 });
    for (const row of screen.split("\n")) expect(row.length).toBeLessThanOrEqual(cols);
    if (cols >= 80) await ui.waitFor(/gaps 3/);
    await fourth.stop();
  },
  90_000,
);
