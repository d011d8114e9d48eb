import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Key } from "../../src/tui/input/key.ts";
import { quietStdin } from "../../src/tui/input/quiet-stdin.ts";
import { createTap } from "../../src/tui/input/tap.ts";

class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  raw = false;

  setRawMode(on: boolean): this {
    this.raw = on;
    return this;
  }
}

function setup() {
  const stdin = new FakeTerminal();
  const stdout = new PassThrough({ encoding: "utf8" });
  const tap = createTap(stdin, stdout);
  const keys: Key[] = [];
  const names = (): string[] =>
    keys.map((key) =>
      key.kind === "key" ? key.name : key.kind === "closed" ? "closed" : key.text,
    );
  return { stdin, stdout, tap, keys, names };
}

/** Writes and lets the stream deliver; its ticks aren't faked. */
async function type(stdin: FakeTerminal, text: string): Promise<void> {
  stdin.write(text);
  await new Promise<void>((resolve) => {
    process.nextTick(() => {
      queueMicrotask(resolve);
    });
  });
}

describe("tap", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("cuts one read into keys", async () => {
    const { stdin, tap, keys, names } = setup();
    tap.subscribe((key) => keys.push(key));
    tap.start();
    await type(stdin, "hello\r");
    expect(names()).toEqual(["h", "e", "l", "l", "o", "enter"]);
  });

  it("takes a lone ESC for a key after 30 ms, and not before", async () => {
    const { stdin, tap, keys, names } = setup();
    tap.subscribe((key) => keys.push(key));
    tap.start();
    await type(stdin, "\x1b");
    vi.advanceTimersByTime(29);
    expect(keys).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(names()).toEqual(["escape"]);
  });

  it("waits for the rest of a cut sequence", async () => {
    const { stdin, tap, keys, names } = setup();
    tap.subscribe((key) => keys.push(key));
    tap.start();
    await type(stdin, "\x1b[");
    vi.advanceTimersByTime(200);
    await type(stdin, "A");
    expect(names()).toEqual(["up"]);
    vi.advanceTimersByTime(10_000);
    expect(keys).toHaveLength(1);
  });

  it("ends a stuck paste 1 s after its last byte", async () => {
    const { stdin, tap, keys, names } = setup();
    tap.subscribe((key) => keys.push(key));
    tap.start();
    await type(stdin, "\x1b[200~one ");
    vi.advanceTimersByTime(900);
    await type(stdin, "two");
    vi.advanceTimersByTime(999);
    expect(keys).toEqual([]);
    vi.advanceTimersByTime(1);
    await type(stdin, "x");
    expect(keys[0]).toEqual({ kind: "paste", text: "one two" });
    expect(names()[1]).toBe("x");
  });

  it("switches the modes on and off, once each", () => {
    const { stdin, stdout, tap } = setup();
    tap.start();
    tap.start();
    expect(stdin.raw).toBe(true);
    expect(stdout.read()).toBe("\x1b[?2004h");
    tap.stop();
    tap[Symbol.dispose]();
    expect(stdin.raw).toBe(false);
    expect(stdout.read()).toBe("\x1b[?2004l");
    expect(stdin.listenerCount("data")).toBe(0);
    tap.start();
    expect(stdin.raw).toBe(true);
  });

  it("leaves a pipe's modes alone", () => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    using tap = createTap(stdin, stdout);
    tap.start();
    expect(stdout.read()).toBeNull();
  });

  it("keeps what is typed before anyone listens", async () => {
    const { stdin, tap, keys, names } = setup();
    tap.start();
    await type(stdin, "ab");
    const unsubscribe = tap.subscribe((key) => keys.push(key));
    expect(names()).toEqual(["a", "b"]);
    unsubscribe();
    await type(stdin, "c".repeat(5000));
    tap.subscribe((key) => keys.push(key));
    expect(keys).toHaveLength(2 + 1024);
  });

  it("says when the terminal is gone", async () => {
    const { stdin, tap, keys, names } = setup();
    tap.subscribe((key) => keys.push(key));
    tap.start();
    await type(stdin, "a\x1b");
    stdin.destroy(new Error("read EIO"));
    await type(new FakeTerminal(), "");
    expect(names()).toEqual(["a", "escape", "closed"]);
    expect(stdin.listenerCount("data")).toBe(0);
  });
});

describe("quietStdin", () => {
  it("is a terminal without a word", () => {
    const stdin = quietStdin();
    expect(stdin.isTTY).toBe(true);
    expect(stdin.setRawMode(true).ref().unref()).toBe(stdin);
    expect(stdin.read()).toBeNull();
  });
});
