import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Gate, type Numbered } from "../../src/client/gate.ts";

interface Event extends Numbered {
  readonly key?: string;
}

const T = "room:lobby";
const EPOCH = "aaaaa";

/** A gate that stands at an offset, and what it has let through. */
function gateAt(offset: number) {
  const gate = new Gate<Event>();
  gate.introduce(T, EPOCH, offset, undefined);
  const passed: Event[] = [];
  const bring = (event: Event, epoch = EPOCH) => {
    const passage = gate.accept(T, epoch, event);
    if (passage.kind === "pass") passed.push(...passage.events);
    return passage.kind;
  };
  return { gate, passed, bring, offsets: () => passed.map(({ offset }) => offset) };
}

const plain = (offset: number): Event => ({ offset, superseded: 0 });
const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

describe("the gate of a log topic", () => {
  test("lets each event through once, in order, whatever brings them in whatever order", () => {
    const scenario = fc.record({
      start: fc.nat(20),
      length: fc.integer({ min: 1, max: 60 }),
      brought: fc.array(fc.nat(100), { maxLength: 300 }),
    });
    fc.assert(
      fc.property(scenario, ({ start, length, brought }) => {
        const { gate, bring, offsets } = gateAt(start);
        for (const number of brought) {
          bring(plain(1 + (number % (start + length))));
          expect(offsets()).toEqual(range(start + 1, start + offsets().length));
          expect(gate.position(T)).toEqual({ epoch: EPOCH, offset: start + offsets().length });
        }
        // What is missing is fetched at the cursor.
        for (const offset of range(gate.position(T)!.offset + 1, start + length))
          bring(plain(offset));
        expect(offsets()).toEqual(range(start + 1, start + length));
        expect(gate.held).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test("joins what several links bring, each of them in order from a place of its own", () => {
    const link = fc.record({ back: fc.nat(30), steps: fc.array(fc.nat(10), { maxLength: 20 }) });
    fc.assert(
      fc.property(
        fc.array(link, { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat(4)),
        (links, turns) => {
          const { bring, offsets } = gateAt(30);
          const streams = links.map(({ back, steps }) => ({
            next: 31 - back,
            left: steps.reduce((a, b) => a + b, 0),
          }));
          for (const turn of turns) {
            const open = streams.filter(({ left }) => left > 0);
            if (open.length === 0) break;
            const stream = open[turn % open.length]!;
            expect(bring(plain(stream.next))).not.toBe("hold");
            stream.next += 1;
            stream.left -= 1;
          }
          expect(offsets()).toEqual(
            range(31, Math.max(30, ...streams.map(({ next }) => next - 1))),
          );
        },
      ),
    );
  });

  test("tells duplicates from what has to wait", () => {
    const { bring, gate, offsets } = gateAt(5);
    expect([5, 6, 6, 8, 8, 9].map((offset) => bring(plain(offset)))).toEqual([
      "duplicate",
      "pass",
      "duplicate",
      "hold",
      "duplicate",
      "hold",
    ]);
    expect(gate.held).toBe(2);
    expect(bring(plain(7))).toBe("pass");
    expect(offsets()).toEqual([6, 7, 8, 9]);
  });

  test("holds no more than it may; the rest comes again with what is fetched", () => {
    const { bring, gate, offsets } = gateAt(0);
    for (const offset of range(2, 3_000)) bring(plain(offset));
    expect(gate.held).toBe(1_000);
    for (const offset of range(1, 3_000)) bring(plain(offset));
    expect(offsets()).toEqual(range(1, 3_000));
    expect(gate.held).toBe(0);
  });

  test("tells what is of a log that is no more", () => {
    const { bring, gate, offsets } = gateAt(5);
    gate.introduce(T, "bbbbb", 0, { from: 6, to: null, reason: "epoch" });
    expect(bring(plain(6), EPOCH)).toBe("stray");
    expect(bring(plain(1), "bbbbb")).toBe("pass");
    expect(offsets()).toEqual([1]);
  });

  test("holds what is of a topic that nobody has introduced, and forgets a topic", () => {
    const { gate, bring } = gateAt(5);
    bring(plain(7));
    gate.forget(T);
    expect(gate.position(T)).toBeUndefined();
    expect(gate.held).toBe(0);
    expect(bring(plain(6))).toBe("hold");
  });
});

describe("the gate of a latest topic", () => {
  /** What a reader at `after` gets when the log ends at `head`: the newest of each key, with what was left out between. */
  const conflated = (keys: readonly number[], after: number, head: number): Event[] => {
    const events: Event[] = [];
    let last = after;
    for (const offset of range(after + 1, head)) {
      if (keys.slice(offset, head).includes(keys[offset - 1]!)) continue;
      events.push({ offset, superseded: offset - last - 1, key: String(keys[offset - 1]) });
      last = offset;
    }
    return events;
  };

  test("ends with the newest event of each key, in order, each joined to the last, whatever links it came over", () => {
    const scenario = fc.record({
      keys: fc.array(fc.nat(4), { minLength: 1, maxLength: 60 }),
      // Each link: where it began to read, and how far the log had come at each of its reads.
      links: fc.array(
        fc.record({ after: fc.nat(60), heads: fc.array(fc.nat(60), { maxLength: 6 }) }),
        { maxLength: 4 },
      ),
      turns: fc.array(fc.nat(3), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(scenario, ({ keys, links, turns }) => {
        const { gate, bring, passed } = gateAt(0);
        const streams = links.map(({ after, heads }) => {
          const events: Event[] = [];
          let at = Math.min(after, keys.length);
          for (const head of heads.map((h) => Math.min(h, keys.length)).toSorted((a, b) => a - b)) {
            events.push(...conflated(keys, at, head));
            at = Math.max(at, events.at(-1)?.offset ?? at);
          }
          return events;
        });
        for (const turn of turns) {
          const event = streams[turn % Math.max(1, streams.length)]?.shift();
          if (event) bring(event);
        }
        for (const event of conflated(keys, gate.position(T)!.offset, keys.length)) bring(event);
        let last = 0;
        for (const { offset, superseded } of passed) {
          expect(offset).toBeGreaterThan(last);
          expect(offset - superseded - 1).toBeLessThanOrEqual(last);
          last = offset;
        }
        expect(last).toBe(keys.length);
        const newest = new Map(passed.map(({ key, offset }) => [key, offset]));
        for (const key of new Set(keys))
          expect(newest.get(String(key))).toBe(keys.lastIndexOf(key) + 1);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a gap", () => {
  test("is reported when a topic is introduced with one", () => {
    const gate = new Gate<Event>();
    const gap = { from: 3, to: 9, reason: "trimmed" as const };
    expect(gate.introduce(T, EPOCH, 9, gap)).toEqual(gap);
    expect(gate.position(T)).toEqual({ epoch: EPOCH, offset: 9 });
  });

  test("isn't reported where a link reads on, wherever it begins", () => {
    const { gate } = gateAt(5);
    for (const after of [0, 5, 7])
      expect(gate.introduce(T, EPOCH, after, undefined)).toBeUndefined();
    expect(gate.position(T)?.offset).toBe(5);
  });

  test("is what another epoch means, whether the server says so or not", () => {
    const { gate, bring } = gateAt(5);
    bring(plain(7));
    expect(gate.introduce(T, "bbbbb", 0, undefined)).toEqual({
      from: 6,
      to: null,
      reason: "epoch",
    });
    expect(gate.position(T)).toEqual({ epoch: "bbbbb", offset: 0 });
    expect(gate.held).toBe(0);
  });

  test("of the epoch is told once, however many links come to know of it", () => {
    const { gate, bring, offsets } = gateAt(5);
    const told = { to: null, reason: "epoch" } as const;
    // The second was asked for before the first had brought event 5.
    expect(gate.introduce(T, "bbbbb", 0, { from: 5, ...told })).toEqual({ from: 6, ...told });
    bring(plain(1), "bbbbb");
    expect(gate.introduce(T, "bbbbb", 0, { from: 5, ...told })).toBeUndefined();
    expect(bring(plain(1), "bbbbb")).toBe("duplicate");
    expect(offsets()).toEqual([1]);
  });

  test("isn't made by what comes late of a log that is no more", () => {
    const { gate, bring } = gateAt(5);
    gate.introduce(T, "bbbbb", 0, { from: 6, to: null, reason: "epoch" });
    bring(plain(1), "bbbbb");
    expect(gate.introduce(T, EPOCH, 3, undefined)).toBeUndefined();
    expect(gate.position(T)).toEqual({ epoch: "bbbbb", offset: 1 });
    // A server that was asked for the new log and has only the old one says so.
    const gap = { from: 2, to: null, reason: "epoch" as const };
    expect(gate.introduce(T, EPOCH, 5, gap)).toEqual(gap);
  });

  test("of a log that ends before the cursor is told once, however many links come to know of it", () => {
    const { gate, bring } = gateAt(50);
    const gap = { from: 41, to: 50, reason: "future" as const };
    gate.introduce(T, EPOCH, 40, gap);
    bring(plain(41));
    expect(gate.introduce(T, EPOCH, 40, gap)).toBeUndefined();
    expect(bring(plain(41))).toBe("duplicate");
  });

  test("of a latest topic that both links of a swap tell of counts once", () => {
    const { gate, bring, offsets } = gateAt(5);
    const gap = { from: 6, to: 40, reason: "trimmed" as const };
    expect(gate.introduce(T, EPOCH, 0, gap, 1)).toEqual(gap);
    expect(bring({ offset: 41, superseded: 40 })).toBe("pass");
    expect(gate.introduce(T, EPOCH, 0, gap, 2)).toBeUndefined();
    expect(bring({ offset: 41, superseded: 40 })).toBe("duplicate");
    expect(offsets()).toEqual([41]);
  });

  test("isn't one if another link has brought meanwhile what was trimmed", () => {
    const { gate } = gateAt(9);
    expect(gate.introduce(T, EPOCH, 9, { from: 3, to: 9, reason: "trimmed" })).toBeUndefined();
    expect(gate.position(T)?.offset).toBe(9);
  });

  test("is only what no link has brought", () => {
    const { gate } = gateAt(5);
    expect(gate.introduce(T, EPOCH, 9, { from: 3, to: 9, reason: "trimmed" })).toEqual({
      from: 6,
      to: 9,
      reason: "trimmed",
    });
    expect(gate.position(T)?.offset).toBe(9);
  });

  test("doesn't hide what lies before it", () => {
    const { gate, bring, offsets } = gateAt(5);
    // Event 6 was lost on this link.
    expect(gate.introduce(T, EPOCH, 9, { from: 7, to: 9, reason: "trimmed" })).toBeUndefined();
    expect(bring(plain(10))).toBe("hold");
    expect(gate.introduce(T, EPOCH, 9, { from: 6, to: 9, reason: "trimmed" })?.from).toBe(6);
    expect(bring(plain(10))).toBe("pass");
    expect(offsets()).toEqual([10]);
  });

  test("of the epoch is followed by all of the new log, wherever a link begins in it", () => {
    const { gate, bring } = gateAt(5);
    gate.introduce(T, "bbbbb", 7, undefined);
    expect(gate.position(T)).toEqual({ epoch: "bbbbb", offset: 0 });
    expect(bring(plain(8), "bbbbb")).toBe("hold");
  });

  test("isn't made by an older link than the one that has named the epoch", () => {
    const gate = new Gate<Event>();
    gate.introduce(T, "bbbbb", 0, undefined, 2);
    expect(gate.introduce(T, EPOCH, 3, undefined, 1)).toBeUndefined();
    expect(gate.position(T)?.epoch).toBe("bbbbb");
    expect(gate.introduce(T, EPOCH, 3, undefined, 3)?.reason).toBe("epoch");
  });

  test("is where the log was restored from a backup: reading goes on at its head", () => {
    const { gate, bring, offsets } = gateAt(50);
    const gap = { from: 41, to: 50, reason: "future" as const };
    expect(gate.introduce(T, EPOCH, 40, gap)).toEqual(gap);
    expect(bring(plain(41))).toBe("pass");
    expect(offsets()).toEqual([41]);
  });

  test("of a latest topic whose keys were dropped lets everything come again", () => {
    const { gate, bring } = gateAt(50);
    const gap = { from: 51, to: 80, reason: "trimmed" as const };
    expect(gate.introduce(T, EPOCH, 0, gap)).toEqual(gap);
    expect(bring({ offset: 90, superseded: 89 })).toBe("pass");
  });
});
