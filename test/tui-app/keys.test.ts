import { afterEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { currentRoom } from "../../src/tui/store/state.ts";
import { Client } from "./support/client.ts";
import { event, LOBBY, NOON, shown } from "./support/states.ts";

const text = ({ state }: Client) => currentRoom(state).composer.text;
const lines = ({ state }: Client) =>
  currentRoom(state).entries.flatMap((entry) => (entry.kind === "line" ? [entry.text] : []));
const bodies = ({ published }: Client) => published.map(({ body }) => body);
const paste = (pasted: string) => `\x1b[200~${pasted}\x1b[201~`;

afterEach(() => void vi.useRealTimers());

describe("writing", () => {
  it("sends a line and what follows it in the same read", () => {
    const client = new Client();
    client.type("one\rtwo\rthr");
    expect(bodies(client)).toEqual([{ text: "one" }, { text: "two" }]);
    expect(text(client)).toBe("thr");
  });

  it("shows the message at once and marks it at the ack", async () => {
    const client = new Client();
    client.type("hi\r");
    expect(shown(client.state)).toEqual(["hi…"]);
    client.published[0]?.fate.resolve({ topic: LOBBY, epoch: "e1", offset: 1 });
    await client.published[0]?.fate.promise;
    expect(shown(client.state)).toEqual(["hi✓"]);
  });

  it("sends again what was refused", async () => {
    const client = new Client();
    client.type("hi\r");
    client.published[0]?.fate.reject(new ProtocolError("text-too-long", "too long"));
    await vi.waitFor(() => expect(shown(client.state)).toEqual(["hi✗"]));
    client.type("\x1br");
    expect(shown(client.state)).toEqual(["hi…"]);
    expect(bodies(client)).toEqual([{ text: "hi" }, { text: "hi" }]);
  });

  it("refuses at once when the session is over", () => {
    const client = new Client();
    client.status = { ...client.status, state: "closed" };
    client.type("hi\r");
    expect(shown(client.state)).toEqual(["hi✗"]);
  });

  it("asks before it sends many lines", () => {
    const client = new Client();
    const many = "1\n2\n3\n4\n5\n6";
    client.type(`${paste(many)}\r`);
    expect(client.state.question?.text).toMatch(/^Send 6 lines to #lobby\?/);
    client.type("n");
    expect([client.state.question, text(client), bodies(client)]).toEqual([undefined, many, []]);
    client.type("\ry");
    expect([text(client), bodies(client)]).toEqual(["", [{ text: many }]]);
    client.type(`${paste("1\n2\n3\n4\n5")}\r`);
    expect(bodies(client)).toHaveLength(2);
  });

  it("takes a question back at any other key, which means what it always does", () => {
    const client = new Client();
    client.type(`${paste("1\n2\n3\n4\n5\n6")}\r7`);
    expect([client.state.question, text(client)]).toEqual([undefined, "1\n2\n3\n4\n5\n67"]);
  });

  it("completes nicks, those who spoke last first", () => {
    const client = new Client();
    client.store.dispatch(event(1, { from: "carol" }), event(2, { from: "carl" }));
    client.type("ca\t");
    expect(text(client)).toBe("carl: ");
    client.type("\t");
    expect(text(client)).toBe("carol: ");
  });
});

describe("leaving", () => {
  it("clears the draft at Ctrl+C, and quits at the second one on nothing, also in one read", () => {
    const client = new Client();
    client.type("draft\x03");
    expect([text(client), client.quits]).toEqual(["", 0]);
    client.type("\x03");
    expect([client.state.notice?.text, client.quits]).toEqual(["Ctrl+C again to quit", 0]);
    client.type("\x03");
    expect(client.quits).toBe(1);
    const other = new Client();
    other.type("\x03\x03");
    expect(other.quits).toBe(1);
  });

  it("forgets the first Ctrl+C after 2 seconds, and at any other key", () => {
    vi.useFakeTimers({ now: NOON });
    const client = new Client();
    client.type("\x03");
    vi.advanceTimersByTime(2_000);
    expect(client.state.notice).toBeUndefined();
    client.type("\x03a\x7f\x03");
    expect(client.quits).toBe(0);
  });

  it("asks before it quits while something isn't sent, however one quits", () => {
    for (const keys of ["\x04", "/quit\r"]) {
      const client = new Client();
      client.status = { ...client.status, unacked: 2 };
      client.type(keys);
      expect(client.state.notice?.text).toMatch(/^2 messages are not sent yet/);
      expect(client.quits).toBe(0);
      client.type(keys);
      expect(client.quits).toBe(1);
    }
  });

  it("quits at Ctrl+D on nothing; on a text it deletes", () => {
    const client = new Client();
    client.type("ab\x01\x04");
    expect([text(client), client.quits]).toEqual(["b", 0]);
    client.type("\x04\x04");
    expect(client.quits).toBe(1);
  });
});

describe("transports", () => {
  it("are swapped in their order, from the one that is on its way", () => {
    const client = new Client();
    client.type("\x14\x14");
    expect(client.swaps.map(({ transport }) => transport)).toEqual(["sse", "long-polling"]);
    expect(client.state.link.swapping).toBe("long-polling");
  });

  it("say why a swap failed, and go on", async () => {
    const client = new Client();
    client.type("\x14");
    client.swaps[0]?.fate.reject(new Error("blocked by a proxy"));
    await vi.waitFor(() =>
      expect(lines(client)).toEqual(["no swap to SSE: blocked by a proxy; WebSocket goes on"]),
    );
    expect(client.state.link.swapping).toBeUndefined();
  });

  it("say nothing of a swap whose place another one took", async () => {
    const client = new Client();
    client.type("\x14\x14");
    client.swaps[0]?.fate.reject(new Error("another swap took its place"));
    await expect(client.swaps[0]?.fate.promise).rejects.toThrow("another swap");
    expect(lines(client)).toEqual([]);
  });

  it("are picked with the arrows and Enter", () => {
    const client = new Client();
    client.type("\x1bOR");
    expect(client.state.overlay).toEqual({ kind: "picker", index: 0 });
    client.type("\x1b[A\r");
    expect(client.swaps.map(({ transport }) => transport)).toEqual(["polling"]);
    expect(client.state.overlay).toBeUndefined();
  });
});

describe("help", () => {
  it("opens, scrolls to its end and no further, and closes", () => {
    const client = new Client({ rows: 20 });
    client.type("\x1bOP");
    client.type("\x1b[A");
    expect(client.state.overlay).toEqual({ kind: "help", top: 0 });
    for (let presses = 0; presses < 20; presses += 1) client.type("\x1b[6~");
    const end = client.state.overlay;
    client.type("\x1b[B");
    expect(client.state.overlay).toEqual(end);
    client.type("\x1bOP");
    expect(client.state.overlay).toBeUndefined();
  });
});

describe("older messages", () => {
  const past = (offset: number) =>
    ({
      kind: "event",
      topic: LOBBY,
      offset,
      epoch: "e1",
      at: NOON,
      from: "bob",
      body: { text: `old ${offset}` },
      superseded: 0,
    }) as const;

  it("are fetched when the log is scrolled beyond what is here", async () => {
    const client = new Client({ rows: 16, columns: 60 });
    client.store.dispatch(...Array.from({ length: 20 }, (_, index) => event(101 + index)));
    client.pages = [{ events: [past(99), past(100)], more: false }];
    client.type("\x1b[5~\x1b[5~");
    expect(currentRoom(client.state).past).toBe("loading");
    await vi.waitFor(() =>
      expect(currentRoom(client.state)).toMatchObject({ past: "none", first: 99 }),
    );
    expect(shown(client.state).slice(0, 3)).toEqual(["old 99", "old 100", "text 101"]);
  });
});
