import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Action } from "../../src/tui/store/actions.ts";
import { lastFailed } from "../../src/tui/store/own.ts";
import { currentRoom } from "../../src/tui/store/state.ts";
import { ack, after, event, fresh, LOBBY, messages, said, shown } from "./support/states.ts";

const own = (offset: number, text: string) => event(offset, { from: "alice", text });

describe("an own message", () => {
  it("is shown at once, and marked when it is kept", () => {
    const sent = after(fresh(), said(1, "hi"));
    expect(shown(sent)).toEqual(["hi…"]);
    expect(shown(after(sent, own(1, "hi"), ack(1, 1)))).toEqual(["hi✓"]);
    expect(shown(after(sent, ack(1, 1), own(1, "hi")))).toEqual(["hi✓"]);
  });

  it("takes its place in the log when the event comes", () => {
    const state = after(fresh(), said(1, "hi"), event(1), ack(1, 2), event(3));
    expect(shown(state)).toEqual(["text 1", "text 3", "hi✓"]);
    expect(
      shown(after(fresh(), said(1, "hi"), event(1), ack(1, 2), own(2, "hi"), event(3))),
    ).toEqual(["text 1", "hi✓", "text 3"]);
  });

  it("stays below what comes meanwhile", () => {
    expect(shown(after(fresh(), said(1, "hi"), event(1), event(2)))).toEqual([
      "text 1",
      "text 2",
      "hi…",
    ]);
  });

  it("isn't taken for another one of the same nick and text", () => {
    const state = after(fresh(), said(1, "hi"), own(7, "hi"), ack(1, 8));
    expect(shown(state)).toEqual(["hi", "hi✓"]);
    expect(shown(after(state, own(8, "hi")))).toEqual(["hi", "hi✓"]);
  });

  it("is told from a twin that waits too", () => {
    const both = after(fresh(), said(1, "hi"), said(2, "hi"), ack(1, 1));
    expect(shown(after(both, own(1, "hi")))).toEqual(["hi✓", "hi…"]);
    expect(shown(after(both, own(1, "hi"), own(2, "hi"), ack(2, 2)))).toEqual(["hi✓", "hi✓"]);
  });

  it("stays where it is when it is kept and never comes", () => {
    const gap = { kind: "gap", topic: LOBBY, text: "gap", to: 9, now: 0 } as const;
    const kept = after(fresh(), event(1), said(1, "hi"), ack(1, 9), said(2, "ho"), ack(2, 11));
    expect(shown(after(kept, gap, event(10)))).toEqual(["text 1", "hi✓", "text 10", "ho✓"]);
    const anew = after(kept, { ...gap, to: undefined }, event(1, { epoch: "e2", text: "anew" }));
    expect(shown(anew)).toEqual(["text 1", "hi✓", "ho✓", "anew"]);
  });

  it("isn't taken for what had its place before the log was set back", () => {
    const gap = { kind: "gap", topic: LOBBY, text: "gap", to: undefined, now: 0 } as const;
    const before = after(fresh(), event(1), event(2), event(3), said(1, "hi"), ack(1, 4));
    const back = after(before, gap, event(2, { text: "anew" }), said(2, "ho"), ack(2, 3));
    expect(shown(back)).toEqual(["text 1", "text 2", "text 3", "hi✓", "anew", "ho✓"]);
    expect(shown(after(back, own(3, "ho"), own(4, "hi")))).toEqual([
      "text 1",
      "text 2",
      "text 3",
      "hi✓",
      "anew",
      "ho✓",
      "hi",
    ]);
  });

  it("keeps its mark and its reason when it is refused", () => {
    const state = after(fresh(), said(1, "hi"), {
      kind: "refused",
      topic: LOBBY,
      publish: 1,
      reason: "too long",
    });
    expect(shown(state)).toEqual(["hi✗"]);
    expect(lastFailed(currentRoom(state))?.reason).toBe("too long");
    const discarded = after(state, {
      kind: "discard",
      topic: LOBBY,
      id: lastFailed(currentRoom(state))!.id,
    });
    expect(shown(discarded)).toEqual([]);
  });

  it("that was taken for another's and then refused is marked as refused", () => {
    const state = after(fresh(), said(1, "hi"), own(4, "hi"), {
      kind: "refused",
      topic: LOBBY,
      publish: 1,
      reason: "no",
    });
    expect(shown(state)).toEqual(["hi", "hi✗"]);
  });

  it("stays where it is if the server has trimmed it meanwhile", () => {
    expect(shown(after(fresh(), said(1, "hi"), ack(1, null)))).toEqual(["hi✓"]);
  });

  it("is there exactly once and marked, in whatever order events and acks come", () => {
    // Texts are few, so that many are equal. Offsets are in the order of the log; an ack may come before or after its event.
    const plan = fc.array(
      fc.record({ mine: fc.boolean(), text: fc.constantFrom("a", "b"), late: fc.nat(6) }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(plan, (steps) => {
        const says: Action[] = [];
        const events: Action[] = [];
        const acks: { at: number; action: Action }[] = [];
        for (const [index, { mine, text, late }] of steps.entries()) {
          const offset = index + 1;
          // The others write under the same nick: another session of the same person.
          events.push(own(offset, text));
          if (!mine) continue;
          says.push(said(offset, text));
          acks.push({ at: Math.max(0, index + late - 3), action: ack(offset, offset) });
        }
        const timed = events.flatMap((action, index) => [
          ...acks.filter(({ at }) => at === index).map((late) => late.action),
          action,
        ]);
        const rest = acks.filter(({ at }) => at >= events.length).map(({ action }) => action);
        const room = currentRoom(after(fresh(), ...says, ...timed, ...rest));
        expect(room.pending).toEqual([]);
        expect(messages(room).map(({ offset }) => offset)).toEqual(
          steps.map((_, index) => index + 1),
        );
        expect(messages(room).map(({ mark }) => mark)).toEqual(
          steps.map(({ mine }) => (mine ? "sent" : undefined)),
        );
      }),
    );
  });
});
