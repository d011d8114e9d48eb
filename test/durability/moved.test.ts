// A database whose file is moved or deleted under its server: nothing is acknowledged that would not be found again.
import { copyFile, rename, rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { temporary } from "../server/folder.ts";
import { start } from "../server/support.ts";

test.each(["", "-wal"])(
  "a file (rooms.db%s) that is moved away refuses publishes, and put back takes them again",
  async (end) => {
    await using folder = await temporary();
    await using server = await start({ database: folder.file });
    expect(await server.say("room:a", ["one"], "producer-m")).toMatchObject([{ kind: "ack" }]);
    const path = `${folder.file}${end}`;
    await rename(path, `${path}.away`);
    const refused = {
      kind: "nack",
      code: "storage",
      message: expect.stringContaining("was moved") as string,
    };
    expect(await server.say("room:a", ["one", "two"], "producer-m")).toMatchObject([
      refused,
      refused,
    ]);
    expect((await server.get("/healthz")).status).toBe(503);
    expect((await server.get("/v1/polling?topic=room:a&since=beginning")).text).toContain("one");
    await rename(`${path}.away`, path);
    expect(await server.say("room:a", ["one", "two"], "producer-m")).toMatchObject([
      { kind: "ack", offset: 1 },
      { kind: "ack", offset: 2 },
    ]);
    expect(server.faults).toEqual([expect.stringContaining("was moved, replaced or deleted")]);
    server.faults.length = 0;
  },
);

test("a file that is replaced by another isn't taken for it", async () => {
  await using folder = await temporary();
  await using server = await start({ database: folder.file });
  await server.say("room:a", ["one"], "producer-m");
  await copyFile(folder.file, `${folder.file}.copy`);
  await rm(folder.file);
  await rename(`${folder.file}.copy`, folder.file);
  expect(await server.say("room:a", ["one", "two"], "producer-m")).toMatchObject([
    { kind: "nack", code: "storage" },
    { kind: "nack", code: "storage" },
  ]);
  server.faults.length = 0;
});
