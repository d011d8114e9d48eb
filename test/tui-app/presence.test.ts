import { describe, expect, it } from "vitest";
import { QUIET_MS } from "../../src/tui/store/members.ts";
import { currentRoom, type State } from "../../src/tui/store/state.ts";
import { after, fresh, NOON } from "./support/states.ts";

const WHO = "who:lobby";

const is = (nick: string, here: boolean, now = NOON) =>
  ({ kind: "presence", topic: WHO, nick, here, now }) as const;
const live = { kind: "live", transport: "websocket", now: NOON } as const;
const later = NOON + QUIET_MS;

const online = (state: State) => currentRoom(state).members.here;
const lines = (state: State) =>
  currentRoom(state).entries.flatMap((entry) => (entry.kind === "line" ? [entry.text] : []));

describe("who is here", () => {
  it("is known from the first without a word about it", () => {
    const state = after(fresh(), is("bob", true), is("carol", true), is("dave", false), live);
    expect(online(state)).toEqual(["bob", "carol"]);
    expect(lines(state)).toEqual([]);
  });

  it("changes with a line in the log, except for oneself and what is no change", () => {
    const state = after(
      fresh(),
      live,
      is("bob", true, later),
      is("alice", true, later),
      is("bob", true, later),
      is("bob", false, later),
    );
    expect(online(state)).toEqual(["alice"]);
    expect(lines(state)).toEqual(["→ bob joined", "← bob left"]);
  });

  it("changes silently right after a link has come", () => {
    const swap = { kind: "swapped", transport: "sse", text: "", now: later } as const;
    expect(lines(after(fresh(), live, swap, is("bob", true, later + 1)))).toEqual([]);
    expect(lines(after(fresh(), live, swap, is("bob", true, later + QUIET_MS)))).toEqual([
      "→ bob joined",
    ]);
  });

  it("doesn't flicker when the topic begins anew", () => {
    const state = after(fresh(), is("bob", true), is("carol", true), live, {
      kind: "presence-anew",
      topic: WHO,
    });
    expect(online(state)).toEqual(["bob", "carol"]);
    const named = after(state, is("carol", true), is("erin", true));
    expect(online(named)).toEqual(["bob", "carol", "erin"]);
    expect(online(after(named, { kind: "presence-settled", topic: WHO }))).toEqual([
      "carol",
      "erin",
    ]);
  });
});
