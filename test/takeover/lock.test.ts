import { expect, test } from "vitest";
import { openSqlite } from "../../src/server/store/sqlite.ts";
import { within } from "../client/support/wait.ts";
import { append } from "../server/stores.ts";
import { temporary } from "../server/folder.ts";

const RETAIN = 10;

test("whoever takes over waits for a server that is still letting go of the database, and has all that it kept", async () => {
  await using folder = await temporary();
  const first = await openSqlite(folder.file, RETAIN);
  const second = openSqlite(folder.file, RETAIN, 10_000);
  const [outcome] = await first.append([append("producer", 1)]);
  expect(outcome).toMatchObject({ kind: "appended", offset: 1 });
  // Long enough for the second one to find it locked: without patience it gives up meanwhile.
  second.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await first[Symbol.asyncDispose]();
  await using store = await within(10_000, "the second store", second);
  expect(store.epoch).toBe(first.epoch);
  expect(await store.append([append("producer", 1), append("producer", 2)])).toMatchObject([
    { kind: "duplicate", offset: 1 },
    { kind: "appended", offset: 2 },
  ]);
});

test("one that isn't let go of is refused when the patience is at its end, at once where there is none", async () => {
  await using folder = await temporary();
  await using first = await openSqlite(folder.file, RETAIN);
  for (const patience of [0, 300]) {
    const start = performance.now();
    await expect(openSqlite(folder.file, RETAIN, patience)).rejects.toMatchObject({
      name: "StoreError",
      code: "locked",
    });
    expect(performance.now() - start).toBeGreaterThanOrEqual(patience * 0.9);
  }
  expect(await first.append([append("producer", 1)])).toMatchObject([{ offset: 1 }]);
});
