// The example, as somebody who has installed the package runs it.
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { Client } from "./support/client.ts";

const example = join(import.meta.dirname, "../../examples/feed-bot.ts");

test("the bot speaks up when a price moves, answers, and ends with Ctrl+C", async () => {
  await using server = await startServer();
  await using bot = run([server.url, "--feed", "prices", "--percent", "5"], { script: example });
  for await (const line of bot.lines) if (line === "connected over websocket as ticker") break;

  await using person = await Client.live(new URL(server.url), "sse", {
    nick: "alice",
    topics: { "room:lobby": "beginning" },
  });
  const price = (value: number) =>
    person.session.publish("feed:prices", { key: "ACME", price: value });
  const said = (text: string) =>
    person.notices.first(
      text,
      (notice) => notice.kind === "event" && JSON.stringify(notice.body).includes(text),
    );
  await price(100);
  // It may take the bot a moment to read the room and the feed.
  const known = said("ACME 100");
  const asking = setInterval(() => void person.session.publish("room:lobby", "!prices"), 50);
  await known.finally(() => clearInterval(asking));
  await price(101);
  await price(110);
  await said("ACME up 10.0 % to 110");

  bot.kill("SIGINT");
  const { code, stderr } = await bot.exited;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("the bot says in one line what is wrong", async () => {
  await using bot = run(["http://127.0.0.1:1"], { script: example });
  const { code, stderr } = await bot.exited;
  expect(code).toBe(1);
  expect(stderr).toBe("no connection to the server (ECONNREFUSED)\n");
});
