import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { printed, texts } from "./output.ts";

/** What people write, as it must come through, and how it looks to a person. */
const TEXTS: readonly (readonly [what: string, text: string, shown: string])[] = [
  ["CJK", "日本語と中文", "日本語と中文"],
  ["emoji", "🎉 done", "🎉 done"],
  ["combining marks", "e\u0301 n\u0303", "e\u0301 n\u0303"],
  ["colours and bells", "\x1b[31mred\x1b[0m\x07!", "red!"],
  ["C1 controls", "a\x9b31mb", "ab"],
  ["the other direction", "abc\u202Edef", "abcdef"],
  ["another window title", "\x1b]0;owned\x07text", "text"],
  [
    "a line that looks like another event",
    "hi\n12:00:00 room:lobby bob: me too",
    "hi\n    12:00:00 room:lobby bob: me too",
  ],
  ["a carriage return", "real\rfake", "real\n    fake"],
  ["quotes and braces", '{"kind":"event"} \\ "', '{"kind":"event"} \\ "'],
  ["16 KiB", "x".repeat(16_384), "x".repeat(16_384)],
  ["16 KiB of four-byte characters", "🎉".repeat(4_096), "🎉".repeat(4_096)],
];

test("JSON keeps what people write as it is, text shows it cleaned", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  // One person: nicks are leased to the identity in the state folder.
  using folder = createSandbox();
  for (const [what, text] of TEXTS) {
    const args = ["send", server.url, "room:lobby", "--name", "ann", "--", text];
    await using send = run(args, { env: { XDG_STATE_HOME: folder.home } });
    expect(await send.exited, what).toMatchObject({ code: 0, stderr: "" });
  }
  const count = String(TEXTS.length);
  const args = ["tail", server.url, "room:lobby", "--since", "beginning", "--count", count];
  await using json = run(args);
  const { stdout } = await json.exited;
  expect(texts(printed(stdout, "event"))).toEqual(TEXTS.map(([, text]) => text));
  // oxlint-disable-next-line no-control-regex -- what it is about
  expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);

  await using plain = run([...args, "--format", "text"]);
  const lines = (await plain.exited).stdout.replaceAll(/^\d\d:\d\d:\d\d /gm, "");
  const shown = TEXTS.map(([, , text]) => `room:lobby ann: ${text}\n`).join("");
  expect(lines.slice(0, lines.lastIndexOf("-- "))).toBe(shown);
});

test("names of people and topics may be of any script, and are the same names to all", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  const [nick, room] = ["José🎉", "room:日本-général"];
  // Decomposed here, composed when it comes out.
  await using send = run([
    "send",
    server.url,
    room.normalize("NFD"),
    "hello",
    "--name",
    nick.normalize("NFD"),
  ]);
  expect((await send.exited).code).toBe(0);
  for (const transport of ["websocket", "sse", "long-polling", "polling"]) {
    await using tail = run([
      "tail",
      server.url,
      room,
      "--since",
      "1",
      "--count",
      "1",
      "--transport",
      transport,
    ]);
    expect(printed((await tail.exited).stdout, "event")[0]).toMatchObject({
      topic: room,
      from: nick,
    });
  }
});
