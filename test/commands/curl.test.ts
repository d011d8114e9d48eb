import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, startServer } from "../support/process.ts";
import { numbered } from "./load.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
if (!hasCurl)
  process.stderr.write(
    "curl isn't on this machine: the examples of PROTOCOL.md were NOT checked\n",
  );

/** The examples of PROTOCOL.md, section 4, as they stand there. */
const examples = (
  /^## 4\. HTTP$(.*?)^## 5\./ms.exec(
    readFileSync(join(import.meta.dirname, "../../PROTOCOL.md"), "utf8"),
  )?.[1] ?? ""
)
  .matchAll(/^```sh$(.*?)^```$/gms)
  .flatMap(([, block]) => block!.trim().split("\n"))
  .toArray();

/** An example's output, with our server's port instead of the default one. Streams are cut when `enough` of it has come. */
async function paste(example: string, port: number, enough: RegExp): Promise<string> {
  const child = spawn("bash", ["-c", `exec ${example.replaceAll(":4400", `:${port}`)} -sS`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const hear = (text: string) => {
    output += text;
    if (enough.test(output)) child.kill();
  };
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  await once(child, "close");
  return output;
}

function example(part: string): string {
  const found = examples.filter((line) => line.includes(part));
  expect(found, `examples with ${part}`).toHaveLength(1);
  return found[0]!;
}

/** Never matches: the answer ends by itself. */
const ALL = /$^/;

// Without curl this can't be seen: a person is told so, a CI run fails.
if (!hasCurl) process.stderr.write("NOT TESTED: the curl examples, for want of curl: install it\n");

test.skipIf(!hasCurl && !process.env["CI"])(
  "the examples of PROTOCOL.md work as they are pasted",
  async () => {
    expect(hasCurl, "curl is installed").toBe(true);
    await using server = await startServer();
    const { port } = server;
    await using send = run(["send", server.url, "room:lobby", "--name", "ann"], {
      stdin: numbered(3).join(""),
    });
    expect((await send.exited).code).toBe(0);

    const text = await paste(example("-d 'hello from curl'"), port, ALL);
    expect(JSON.parse(text)).toMatchObject({
      kind: "ack",
      number: 1,
      topic: "room:lobby",
      offset: 4,
    });
    const waves = await paste(example('"waves"'), port, ALL);
    expect(JSON.parse(waves)).toMatchObject({ kind: "ack", offset: 5 });

    const poll = await paste(example("/v1/polling?topic="), port, ALL);
    const frames: unknown[] = poll
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(frames.slice(0, 2)).toMatchObject([
      { kind: "welcome", version: 1 },
      { kind: "topic", topic: "room:lobby", after: 0 },
    ]);
    expect(frames.slice(2, -1)).toEqual([
      [expect.any(Number), 1, expect.any(Number), "line 1", "ann"],
      [expect.any(Number), 2, expect.any(Number), "line 2", "ann"],
      [expect.any(Number), 3, expect.any(Number), "line 3", "ann"],
      [expect.any(Number), 4, expect.any(Number), "hello from curl", "carl"],
      [expect.any(Number), 5, expect.any(Number), { text: "waves", me: true }, "carl"],
    ]);
    const { cursor } = frames.at(-1) as { cursor: string };
    expect(cursor).toMatch(/^room:lobby@[0-9a-z]{5}\.5$/);

    // With a cursor of this very log: nothing new, and then what is waited for.
    const [again, wait] = [example("/v1/polling?cursor="), example("/v1/long-polling?cursor=")].map(
      (line) => line.replace(/room:lobby@k3f9a\.1043/, cursor),
    );
    expect(await paste(again!, port, ALL)).toBe("");
    const news = paste(wait!, port, ALL);
    await using more = run(["send", server.url, "room:lobby", "news", "--name", "bob"]);
    expect((await more.exited).code).toBe(0);
    expect(await news).toMatch(
      /\[\d+,6,\d+,"news","bob"\]\n\{"kind":"synced","cursor":"room:lobby@[0-9a-z]{5}\.6"\}\n$/,
    );
    // As it stands there, the cursor is of a log that has been lost: that is said, and all there is follows.
    expect(await paste(example("/v1/polling?cursor="), port, ALL)).toMatch(
      /"gap":\{"from":1044,"to":null,"reason":"epoch"\}/,
    );

    const followed = await paste(example("/v1/sse"), port, /feed:market[^]*data:\[(?=.*"price")/);
    expect(followed).toMatch(/^data:\{"kind":"welcome"/);
    expect(followed).toMatch(
      /^id:[0-9a-z]{5}\.6,[0-9a-z]{5}\.\d+\ndata:\[\d+,6,\d+,"news","bob"\]$/m,
    );
  },
);
