// centrifugo#1189: a broker fails over, delivery silently stops, health stays green.
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { StoreCheck } from "../../src/server/store-check.ts";
import { MemoryStore } from "../../src/server/store/memory.ts";
import { temporary } from "./folder.ts";
import { start, type TestServer } from "./support.ts";

async function health(server: TestServer): Promise<{ http: number; status: string }> {
  const { status, text } = await server.get("/healthz");
  return { http: status, status: (JSON.parse(text) as { status: string }).status };
}

const OK = { http: 200, status: "ok" };
const STORAGE = { http: 503, status: "storage" };

test.each([
  ["another program holds its lock", "BEGIN IMMEDIATE", "ROLLBACK"],
  [
    "its tables are gone",
    "ALTER TABLE producers RENAME TO gone",
    "ALTER TABLE gone RENAME TO producers",
  ],
])(
  "while the store can't keep anything (%s), and nobody publishes, health is red",
  async (_why, fault, mend) => {
    await using folder = await temporary();
    await using server = await start({ database: folder.file });
    expect(await health(server)).toEqual(OK);
    const other = new DatabaseSync(folder.file);
    other.exec(fault);
    await vi.waitUntil(async () => (await health(server)).http === 503, { timeout: 10_000 });
    expect(await health(server)).toEqual(STORAGE);
    other.exec(mend);
    other.close();
    await vi.waitUntil(async () => (await health(server)).http === 200, { timeout: 10_000 });
    expect(await server.say("room:a", ["again"])).toMatchObject([{ kind: "ack", offset: 1 }]);
  },
);

test("however often it is asked, the store is tried once a second", async () => {
  const store = new MemoryStore(10);
  const append = vi.spyOn(store, "append");
  const check = new StoreCheck(store, "health-test");
  await Promise.all(Array.from({ length: 100 }, () => check.failure()));
  expect(await check.failure()).toBeUndefined();
  expect(append).toHaveBeenCalledTimes(1);
});

test("a store that doesn't answer is as bad as one that says no, and isn't asked again meanwhile", async () => {
  vi.useFakeTimers();
  try {
    const store = new MemoryStore(10);
    const stuck = Promise.withResolvers<never>();
    const append = vi.spyOn(store, "append").mockReturnValue(stuck.promise);
    const check = new StoreCheck(store, "health-test");
    for (let ask = 0; ask < 3; ask++) {
      const failure = check.failure();
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await failure).toBe("the store doesn't answer");
    }
    expect(append).toHaveBeenCalledTimes(1);
    stuck.reject(new Error("the store's writer has ended"));
    expect(await check.failure()).toBe("the store's writer has ended");
  } finally {
    vi.useRealTimers();
  }
});
