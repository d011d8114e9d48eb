import { expect, test } from "vitest";
import { within } from "../client/support/wait.ts";
import { texts } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { freePort } from "../support/free-port.ts";
import { run, startServer } from "../support/process.ts";
import { Database, send } from "./support.ts";

test("tail tells gaps with extent and reason in both formats, and goes on", async () => {
  const port = await freePort();
  const database = new Database();
  const { file: db } = database;
  const start = (args: readonly string[] = []) =>
    startServer({ port, args, ...(args.includes("--memory") ? {} : { db }) });

  const first = keep(await start());
  const { url } = first;
  const tail = (format: string) =>
    keep(run(["tail", url, "room:lobby", "--since", "beginning", "--format", format]));
  const json = tail("json");
  const text = tail("text");
  const both = async (what: string) => {
    for (const { lines } of [json, text]) {
      await within(
        20_000,
        what,
        (async () => {
          for await (const line of lines) if (line.includes(what)) return;
        })(),
      );
    }
  };
  await send(url, texts("a ", 3));
  await both("a 3");
  await first.stop();
  database.backUp();

  // Trimmed while away: others were busy on a server that they don't see.
  const elsewhere = keep(await startServer({ db, args: ["--retain", "5"] }));
  await send(elsewhere.url, texts("b ", 20));
  await elsewhere.stop();
  const second = keep(await start(["--retain", "5"]));
  await both("b 20");
  await second.stop();

  database.restore();
  const third = keep(await start());
  // What is published before they are back would be taken for what they have read: the offsets are the same.
  await both("future");
  await send(url, texts("c ", 2));
  await both("c 2");
  await third.stop();

  const fourth = keep(await startServer({ port }));
  await send(url, texts("d ", 1));
  await both("d 1");
  await fourth.stop();

  const gaps = json
    .stdout()
    .split("\n")
    .filter((line) => line.includes('"gap"'))
    .map((line) => JSON.parse(line) as { to: number });
  const kept = 23 - gaps[0]!.to;
  expect(kept).toBeGreaterThanOrEqual(5);
  expect(gaps).toEqual([
    { kind: "gap", topic: "room:lobby", from: 4, to: 23 - kept, reason: "trimmed" },
    { kind: "gap", topic: "room:lobby", from: 4, to: 23, reason: "future" },
    { kind: "gap", topic: "room:lobby", from: 6, to: null, reason: "epoch" },
  ]);
  const lines = text
    .stdout()
    .trim()
    .split("\n")
    .map((line) => line.replace(/^\d\d:\d\d:\d\d (\S+) sender\d+:/, "$1"));
  const b = Array.from({ length: kept }, (_, index) => `room:lobby b ${20 - kept + index + 1}`);
  expect(lines).toEqual([
    "room:lobby a 1",
    "room:lobby a 2",
    "room:lobby a 3",
    `-- room:lobby: gap from 4 to ${23 - kept} (trimmed)`,
    ...b,
    "-- room:lobby: gap from 4 to 23 (future)",
    "room:lobby c 1",
    "room:lobby c 2",
    "-- room:lobby: gap from 6 to ? (epoch)",
    "room:lobby d 1",
  ]);
}, 60_000);
