import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outbox, OUTBOX_LIMIT, OutboxFull } from "../../src/client/outbox.ts";
import { ProtocolError } from "../../src/protocol/errors.ts";
import type { Publish } from "../../src/protocol/frames.ts";
import { advance, judge, type ProducerState } from "../../src/server/store/numbers.ts";

const ALL = 1_000;
const ROOM = 1024 * 1024;

function outbox() {
  let made = 0;
  return new Outbox(() => `producer-${++made}`);
}

function fill(box: Outbox, count: number): Promise<unknown>[] {
  return Array.from({ length: count }, (_, index) =>
    box.add("room:lobby", { text: `m${index + 1}` }),
  );
}

const numbers = (frames: readonly Publish[]) => frames.map(({ number }) => number);

/** A server's memory of producers, which may be lost, and its log. */
class Server {
  readonly #producers = new Map<string, ProducerState>();
  log: string[] = [];

  handle({ producer, number, body }: Publish): "ack" | "out-of-order" {
    const state = this.#producers.get(producer) ?? { last: 0, refused: [] };
    this.#producers.set(producer, state);
    const verdict = judge(state, number);
    if (verdict.kind === "refused") return "out-of-order";
    if (verdict.kind === "next") {
      advance(state, number);
      this.log.push((body as { text: string }).text);
    }
    return "ack";
  }

  forget(): void {
    this.#producers.clear();
    this.log = [];
  }
}

describe("the outbox", () => {
  test("brings everything to the log once and in order, whatever is lost, refused, repeated or forgotten", () => {
    const some = fc.integer({ min: 1, max: 6 });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), count: some }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("send" as const), count: some }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant("serve" as const),
          count: some,
          busyAt: fc.nat(20),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("answer" as const), count: some }) },
      { weight: 1, arbitrary: fc.constant({ kind: "new link" as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: "forget" as const }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const run = new Run();
        for (const one of steps) {
          if (one.kind === "add") run.add(one.count);
          else if (one.kind === "send") run.send(one.count);
          else if (one.kind === "serve") run.serve(one.count, one.busyAt);
          else if (one.kind === "answer") run.answer(one.count);
          else if (one.kind === "new link") run.newLink();
          else run.forget();
        }
        run.newLink();
        for (let round = 0; run.box.size > 0; round++) {
          expect(round).toBeLessThan(10);
          run.send(ALL);
          run.serve(ALL, -1);
          run.answer(ALL);
        }
        expect(run.server.log).toEqual(run.expected);
      }),
      { numRuns: 1_000 },
    );
  });

  test("takes in order, no more than asked for, and again only after a rewind", () => {
    const box = outbox();
    void fill(box, 5);
    expect(numbers(box.take(2, ROOM))).toEqual([1, 2]);
    expect(numbers(box.take(2, ROOM))).toEqual([3, 4]);
    expect(box.hasUnsent).toBe(true);
    expect(numbers(box.take(2, ROOM))).toEqual([5]);
    expect(box.hasUnsent).toBe(false);
    expect(box.take(2, ROOM)).toEqual([]);
    box.rewind();
    expect(numbers(box.take(ALL, ROOM))).toEqual([1, 2, 3, 4, 5]);
  });

  test("takes no more than fits into a request, and at least one", () => {
    const box = outbox();
    for (let index = 0; index < 10; index++)
      void box.add("room:lobby", { text: "x".repeat(16_000) });
    expect(box.take(ALL, 50_000)).toHaveLength(3);
    expect(box.take(ALL, 10)).toHaveLength(1);
    expect(box.take(ALL, ROOM)).toHaveLength(6);
  });

  test("settles each publish with its own answer, once", async () => {
    const box = outbox();
    const [first, second, third] = fill(box, 3);
    box.take(ALL, ROOM);
    const ack = { kind: "ack", number: 2, topic: "room:lobby", epoch: "aaaaa", offset: 7 } as const;
    expect(box.acked(ack)).toBe(true);
    expect(box.acked(ack)).toBe(false);
    await expect(second).resolves.toEqual({ topic: "room:lobby", epoch: "aaaaa", offset: 7 });
    box.refused(1, new ProtocolError("read-only", "no"));
    await expect(first).rejects.toMatchObject({ code: "read-only" });
    expect(box.size).toBe(1);
    box.abandon(new Error("over"));
    await expect(third).rejects.toThrow("over");
    expect(box.size).toBe(0);
  });

  test("numbers anew under another name when the server has forgotten it", () => {
    const box = outbox();
    void fill(box, 4);
    const [first] = box.take(ALL, ROOM);
    box.acked({ kind: "ack", number: 1, topic: "room:lobby", epoch: "aaaaa", offset: 1 });
    for (const number of [2, 3, 4]) box.beyond(number);
    const again = box.take(ALL, ROOM);
    expect(numbers(again)).toEqual([1, 2, 3]);
    expect(again.map(({ body }) => body)).toEqual([{ text: "m2" }, { text: "m3" }, { text: "m4" }]);
    expect(again[0]!.producer).not.toBe(first!.producer);
    expect(new Set(again.map(({ producer }) => producer)).size).toBe(1);
  });

  test("sends again without new numbers when one before was refused for now", () => {
    const box = outbox();
    void fill(box, 3);
    const [first] = box.take(ALL, ROOM);
    box.beyond(2);
    const again = box.take(ALL, ROOM);
    expect(numbers(again)).toEqual([1, 2, 3]);
    expect(again[0]!.producer).toBe(first!.producer);
  });

  test("refuses more than it may hold", () => {
    const box = outbox();
    for (let index = 0; index < OUTBOX_LIMIT; index++) void box.add("room:lobby", { text: "x" });
    expect(() => box.add("room:lobby", { text: "x" })).toThrow(OutboxFull);
  });
});

/** An outbox, a server, and the link between them, on which everything comes in order or is lost with it. */
class Run {
  readonly box = outbox();
  readonly server = new Server();
  /** All that has to be in the log in the end, in order. */
  expected: string[] = [];
  #added = 0;
  #toServer: Publish[] = [];
  #toClient: { frame: Publish; answer: "ack" | "out-of-order" | "busy" }[] = [];
  #acked = 0;
  /** Set by a refusal: before the next is sent, all is sent again. */
  #again = false;

  add(count: number): void {
    for (let left = count; left > 0; left--) {
      const text = `m${++this.#added}`;
      this.expected.push(text);
      void this.box.add("room:lobby", { text });
    }
  }

  send(count: number): void {
    if (this.#again) this.box.rewind();
    this.#again = false;
    const frames = this.box.take(count, ROOM);
    for (const [index, { number }] of frames.entries())
      expect(number).toBe(frames[0]!.number + index);
    this.#toServer.push(...frames);
  }

  serve(count: number, busyAt: number): void {
    for (const [index, frame] of this.#toServer.splice(0, count).entries()) {
      this.#toClient.push({ frame, answer: index === busyAt ? "busy" : this.server.handle(frame) });
    }
  }

  answer(count: number): void {
    for (const { frame, answer } of this.#toClient.splice(0, count)) {
      const { number, topic } = frame;
      if (answer === "out-of-order") this.box.beyond(number);
      if (answer !== "ack") this.#again = true;
      else if (this.box.acked({ kind: "ack", number, topic, epoch: "aaaaa", offset: 1 }))
        this.#acked += 1;
      expect(this.box.size).toBe(this.#added - this.#acked);
    }
  }

  newLink(): void {
    this.#toServer = [];
    this.#toClient = [];
    this.box.rewind();
  }

  /** The log is lost, and the links with it. What was acknowledged was in it; what wasn't has to be in the next. */
  forget(): void {
    this.server.forget();
    this.newLink();
    this.expected = this.expected.slice(this.expected.length - this.box.size);
  }
}
