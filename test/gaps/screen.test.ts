import { join } from "node:path";
import { expect, test } from "vitest";
import { texts } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { freePort } from "../support/free-port.ts";
import { startServer } from "../support/process.ts";
import { openTerminal } from "../support/terminal.ts";
import { Database, send } from "./support.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");

test.each([
  [120, 36, "websocket"],
  [80, 24, "sse"],
  [60, 16, "polling"],
] as const)(
  "on %i×%i the log says of each gap what is missing and why, and goes on",
  async (cols, rows, transport) => {
    const port = await freePort();
    const database = new Database();
    const { file: db } = database;
    const quiet = ["--feed", "none"];
    const first = keep(await startServer({ port, db, args: quiet }));
    const { url } = first;
    await send(url, ["a 1", "a 2"]);
    const ui = keep(
      openTerminal({
        command: process.execPath,
        args: [CLI, url, "--name", "alice", "--transport", transport],
        cols,
        rows,
      }),
    );
    await ui.waitFor(/a 2/);
    await first.stop();
    database.backUp();

    const elsewhere = keep(await startServer({ db, args: [...quiet, "--retain", "2"] }));
    await send(elsewhere.url, texts("b ", 10));
    await elsewhere.stop();
    const second = keep(await startServer({ port, db, args: [...quiet, "--retain", "2"] }));
    // Two are kept.
    await ui.waitFor(/gap: 8 messages are gone, the server keeps no more[^]*b 9\b[^]*b 10\b/, {
      timeout: 20_000,
    });
    await second.stop();

    database.restore();
    const third = keep(await startServer({ port, db, args: quiet }));
    await ui.waitFor(/gap: 10 messages are gone, the log was set back/, { timeout: 20_000 });
    // At an offset at which another message was seen before.
    await send(url, ["c 1"]);
    await ui.waitFor(/the log was set back[^]*c 1\b/, { timeout: 20_000 });
    // An own one as well: it is marked where it stands, below that.
    ui.write("hello again\r");
    await ui.waitFor(/c 1\b[^]*hello again +✓/);
    await third.stop();

    const fourth = keep(await startServer({ port, args: quiet }));
    await ui.waitFor(/hello again +✓[^]*gap: log lost after message [34], a new one begins/, {
      timeout: 20_000,
    });
    await send(url, ["d 1"]);
    const screen = await ui.waitFor(/a new one begins[^]*d 1\b/, { timeout: 20_000 });
    for (const row of screen.split("\n")) expect(row.length).toBeLessThanOrEqual(cols);
    if (cols >= 80) await ui.waitFor(/gaps 3/);
    await fourth.stop();
  },
  90_000,
);
