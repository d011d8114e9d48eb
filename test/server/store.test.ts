// What a store has to do, run over each of them.
import { describe, expect, test } from "vitest";
import { append, STORES } from "./stores.ts";

const REFUSAL = { code: "read-only", message: "no" } as const;

describe.each(Object.entries(STORES))("%s", (_name, open) => {
  test("appends in order and reads from anywhere", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const outcomes = await store.append([
      append("p", 1),
      append("q", 1, { topic: "room:b" }),
      append("p", 2),
    ]);
    expect(outcomes).toEqual([
      { kind: "appended", offset: 1, floor: 0 },
      { kind: "appended", offset: 1, floor: 0 },
      { kind: "appended", offset: 2, floor: 0 },
    ]);
    expect(await store.read("room:a", 0, 10)).toMatchObject([
      { offset: 1, at: 1_001, from: "bob", body: '"p 1"' },
      { offset: 2, at: 1_002, from: "bob", body: '"p 2"' },
    ]);
    expect(await store.read("room:a", 1, 10)).toMatchObject([{ offset: 2 }]);
    expect(await store.read("room:a", 0, 1)).toMatchObject([{ offset: 1 }]);
    expect(await store.read("room:a", 2, 10)).toEqual([]);
    expect(await store.read("room:none", 0, 10)).toEqual([]);
  });

  test("knows each log's state and lists those with events, newest first", async () => {
    await using opened = await open(100);
    const { store } = opened;
    expect(await store.state("room:a")).toEqual({ head: 0, floor: 0, line: "", at: 0 });
    await store.append([
      append("p", 1, { at: 10, line: "hello" }),
      append("p", 2, { at: 20, topic: "room:b" }),
      append("p", 3, { at: 30 }),
      // A retry under another topic makes no log of that name.
      append("p", 1, { topic: "room:phantom" }),
      append("p", 4, { topic: "room:refused", refusal: REFUSAL }),
    ]);
    expect(await store.state("room:a")).toEqual({ head: 2, floor: 0, line: "hello", at: 30 });
    expect((await store.topics(10)).map(({ topic }) => topic)).toEqual(["room:a", "room:b"]);
    expect(await store.topics(1)).toMatchObject([{ topic: "room:a", head: 2, line: "hello" }]);
  });

  test("a number that was handled is a duplicate, with the offset that it has", async () => {
    await using opened = await open(100);
    const { store } = opened;
    await store.append([append("p", 1), append("q", 1), append("p", 2)]);
    expect(await store.append([append("p", 1), append("p", 2), append("q", 1)])).toEqual([
      { kind: "duplicate", offset: 1 },
      { kind: "duplicate", offset: 3 },
      { kind: "duplicate", offset: 2 },
    ]);
    expect(await store.append([append("r", 1), append("r", 1)])).toEqual([
      { kind: "appended", offset: 4, floor: 0 },
      { kind: "duplicate", offset: 4 },
    ]);
    expect(await store.read("room:a", 0, 10)).toHaveLength(4);
  });

  test("retries of many producers and rooms at once each have their own place", async () => {
    await using opened = await open(1_000);
    const { store } = opened;
    const all = Array.from({ length: 300 }, (_, index) =>
      append(`p${index % 3}`, Math.floor(index / 3) + 1, { topic: `room:${index % 4}` }),
    );
    const kept = await store.append(all);
    const places = kept.map((outcome) => outcome.kind === "appended" && outcome.offset);
    // Some of them new, some twice, one under a room in which it never was.
    const again = [
      ...all.slice(100, 250),
      append("p0", 101, { topic: "room:0" }),
      ...all.slice(0, 50),
    ];
    const wrong = append("p1", 1, { topic: "room:0" });
    const outcomes = await store.append([...again, wrong]);
    expect(outcomes.map((outcome) => outcome.kind !== "refused" && outcome.offset)).toEqual([
      ...places.slice(100, 250),
      76,
      ...places.slice(0, 50),
      null,
    ]);
    expect(outcomes.filter(({ kind }) => kind === "appended")).toHaveLength(1);
  });

  test("a number beyond the next is refused and uses nothing up", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const [early, next] = await store.append([append("p", 2), append("p", 1)]);
    expect(early).toMatchObject({ kind: "refused", refusal: { code: "out-of-order" } });
    expect(next).toMatchObject({ kind: "appended", offset: 1 });
    expect(await store.append([append("p", 2)])).toMatchObject([{ kind: "appended", offset: 2 }]);
  });

  test("a refusal is repeated, however many came after it", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const refused = { kind: "refused", refusal: REFUSAL };
    const batch = Array.from({ length: 40 }, (_, index) => {
      return append("p", index + 1, index % 8 === 7 ? {} : { refusal: REFUSAL });
    });
    const outcomes = await store.append(batch);
    expect(outcomes[0]).toEqual(refused);
    const again = await store.append(batch);
    expect(again.map(({ kind }) => kind)).toEqual(
      outcomes.map(({ kind }) => (kind === "appended" ? "duplicate" : kind)),
    );
  });

  test("a refusal uses its number up and is repeated", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const refused = { kind: "refused", refusal: REFUSAL };
    expect(await store.append([append("p", 1, { refusal: REFUSAL })])).toEqual([refused]);
    expect(await store.append([append("p", 1)])).toEqual([refused]);
    expect(await store.append([append("p", 2)])).toMatchObject([{ kind: "appended", offset: 1 }]);
  });

  test("a number may be kept without an event", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const nowhere = append("p", 1, { topic: null });
    expect(await store.append([nowhere])).toMatchObject([{ kind: "appended", offset: null }]);
    expect(await store.append([nowhere])).toEqual([{ kind: "duplicate", offset: null }]);
  });

  test("keeps at least so many events, and little more", async () => {
    await using opened = await open(50);
    const { store } = opened;
    let floor = 0;
    for (let number = 1; number <= 500; number++) {
      const [outcome] = await store.append([append("p", number)]);
      if (outcome?.kind !== "appended") throw new Error("not appended");
      expect(outcome.offset).toBe(number);
      expect(outcome.floor).toBeGreaterThanOrEqual(floor);
      ({ floor } = outcome);
      expect(number - floor).toBeGreaterThanOrEqual(Math.min(number, 50));
      expect(number - floor).toBeLessThanOrEqual(55);
    }
    expect(await store.state("room:a")).toMatchObject({ head: 500, floor });
    expect((await store.read("room:a", 0, 500)).map(({ offset }) => offset)).toEqual(
      Array.from({ length: 500 - floor }, (_, index) => floor + index + 1),
    );
    // What was trimmed is a duplicate without a place.
    expect(await store.append([append("p", 1)])).toEqual([{ kind: "duplicate", offset: null }]);
  });

  test("keeps one event where no more are wanted", async () => {
    await using opened = await open(1);
    const { store } = opened;
    await store.append(Array.from({ length: 5 }, (_, index) => append("p", index + 1)));
    expect(await store.read("room:a", 0, 10)).toMatchObject([{ offset: 5 }]);
  });

  test("keeps names and texts of all kinds as they are", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const body = JSON.stringify({ text: "\ud800\u0000\u2028'\"", emoji: "👩‍💻" });
    const fields = { topic: "room:__proto__", from: "Ада'--", body, line: 'it\'s "ä" 👩‍💻' };
    await store.append([append("p", 1, fields)]);
    expect(await store.read("room:__proto__", 0, 1)).toMatchObject([{ from: "Ада'--", body }]);
    expect(await store.state("room:__proto__")).toMatchObject({ line: fields.line });
  });

  test("keeps the newest lease of each nick", async () => {
    await using opened = await open(100);
    const { store } = opened;
    const lease = { key: "bob", nick: "Bob", identity: "x", until: 5 };
    await store.saveNicks([lease]);
    await store.saveNicks([
      { ...lease, nick: "BOB", until: 8 },
      { ...lease, key: "eve", nick: "eve" },
      { ...lease, nick: "BOB", until: 9 },
    ]);
    expect((await store.nicks()).toSorted((a, b) => a.key.localeCompare(b.key))).toEqual([
      { ...lease, nick: "BOB", until: 9 },
      { ...lease, key: "eve", nick: "eve" },
    ]);
  });

  test("a page is cut at about 256 KiB, or not at all", async () => {
    await using opened = await open(1_000);
    const { store } = opened;
    const body = JSON.stringify("x".repeat(16_000));
    await store.append(Array.from({ length: 40 }, (_, index) => append("p", index + 1, { body })));
    const page = await store.read("room:a", 0, 40);
    expect(page.length).toBeGreaterThan(15);
    expect(page.map(({ offset }) => offset)).toEqual(page.map((_, index) => index + 1));
  });
});
