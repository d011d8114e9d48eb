import { describe, expect, it } from "vitest";
import { MAX_ENTRIES, MAX_SCROLLED } from "../../src/tui/store/entries.ts";
import { currentRoom, type Room, type State } from "../../src/tui/store/state.ts";
import { after, event, fresh, heard, LOBBY, messages, NOON, shown } from "./support/states.ts";

const DEV = "room:dev";

function room(state: State, topic: string): Room {
  return state.rooms.find((candidate) => candidate.topic === topic)!;
}

const two = () =>
  after(fresh(), { kind: "join", topic: DEV, now: NOON }, { kind: "go", topic: LOBBY });

describe("rooms", () => {
  it("count what is unread where nobody looks, and what names the reader", () => {
    const state = after(
      two(),
      event(1, {}, DEV),
      event(2, { text: "Alice: look" }, DEV),
      event(3, { text: "malice" }, DEV),
      event(1),
    );
    expect(room(state, DEV)).toMatchObject({ unread: 3, mentions: 1 });
    expect(room(state, LOBBY)).toMatchObject({ unread: 0, mentions: 0 });
    expect(room(after(state, { kind: "go", topic: DEV }), DEV)).toMatchObject({
      unread: 0,
      mentions: 0,
    });
  });

  it("don't count own messages from elsewhere", () => {
    expect(room(after(two(), event(1, { from: "Alice" }, DEV)), DEV).unread).toBe(0);
  });

  it("mark where the new messages begin, and only if there are any", () => {
    const left = after(two(), event(1), { kind: "go", topic: DEV });
    const came = after(left, event(2), { kind: "go", topic: LOBBY });
    const [first] = messages(room(came, LOBBY));
    expect(room(came, LOBBY).readMark).toBe(first?.id);
    expect(room(after(left, { kind: "go", topic: LOBBY }), LOBBY).readMark).toBeUndefined();
  });

  it("keep their drafts", () => {
    const written = after(
      two(),
      { kind: "edit", edit: { kind: "insert", text: "draft" } },
      { kind: "go", topic: DEV },
    );
    expect(currentRoom(written).composer.text).toBe("");
    expect(currentRoom(after(written, { kind: "go", topic: LOBBY })).composer.text).toBe("draft");
  });

  it("can be left, all but the last one", () => {
    const parted = after(two(), { kind: "part", topic: LOBBY });
    expect(parted.rooms.map(({ topic }) => topic)).toEqual([DEV]);
    expect(parted.current).toBe(DEV);
    expect(after(parted, { kind: "part", topic: DEV })).toBe(parted);
  });

  it("keep no more than there may be", () => {
    const events = Array.from({ length: MAX_ENTRIES + 50 }, (_, index) => event(index + 1));
    const state = after(fresh(), ...events);
    expect(currentRoom(state).entries).toHaveLength(MAX_ENTRIES);
    expect(currentRoom(state)).toMatchObject({ first: 51, past: "more" });
  });

  it("keep pages of the past while they are scrolled up, and let go of them at the bottom", () => {
    const page = {
      epoch: "e1",
      first: 1,
      messages: Array.from({ length: MAX_ENTRIES }, (_, index) => heard(index + 1)),
      more: false,
    };
    const last = MAX_ENTRIES + 1;
    const full = after(
      fresh(),
      event(last),
      { kind: "scroll", topic: LOBBY, anchor: { id: 1, row: 0 } },
      { kind: "past", topic: LOBBY, page },
    );
    expect(currentRoom(full).entries).toHaveLength(MAX_ENTRIES + 1);
    expect(MAX_SCROLLED).toBeGreaterThan(MAX_ENTRIES);
    const back = after(full, { kind: "scroll", topic: LOBBY, anchor: undefined });
    expect(currentRoom(back).entries).toHaveLength(MAX_ENTRIES);
    expect(currentRoom(back).past).toBe("more");
  });
});

describe("the past", () => {
  it("is joined on by offset, without what is here already", () => {
    const page = {
      epoch: "e1",
      first: 2,
      messages: [heard(2), heard(3), heard(4), heard(5)],
      more: true,
    };
    const state = after(fresh(), event(4), event(5), { kind: "past", topic: LOBBY, page });
    expect(shown(state)).toEqual(["text 2", "text 3", "text 4", "text 5"]);
    expect(currentRoom(state)).toMatchObject({ first: 2, past: "more" });
  });

  it("has a beginning", () => {
    expect(currentRoom(after(fresh(), event(1))).past).toBe("none");
    expect(currentRoom(after(fresh(), event(9))).past).toBe("more");
    const page = { epoch: "e1", first: undefined, messages: [], more: false };
    expect(currentRoom(after(fresh(), event(9), { kind: "past", topic: LOBBY, page })).past).toBe(
      "none",
    );
  });

  it("goes on with a page that holds no message", () => {
    const page = { epoch: "e1", first: 5, messages: [], more: true };
    expect(
      currentRoom(after(fresh(), event(9), { kind: "past", topic: LOBBY, page })),
    ).toMatchObject({ first: 5, past: "more" });
  });

  it("ends where another log began", () => {
    const state = after(fresh(), event(9), event(1, { epoch: "e2" }), event(2, { epoch: "e2" }));
    expect(currentRoom(state)).toMatchObject({ epoch: "e2", past: "none" });
    expect(shown(state)).toEqual(["text 9", "text 1", "text 2"]);
  });
});

describe("a room that is scrolled up", () => {
  it("counts what comes below", () => {
    const up = after(fresh(), event(1), event(2), {
      kind: "scroll",
      topic: LOBBY,
      anchor: { id: 1, row: 0 },
    });
    const more = after(up, event(3), event(4));
    expect(currentRoom(more)).toMatchObject({ below: 2, anchor: { id: 1, row: 0 }, readMark: 2 });
    expect(
      currentRoom(after(more, { kind: "scroll", topic: LOBBY, anchor: undefined })).below,
    ).toBe(0);
  });
});
