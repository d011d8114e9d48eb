import type { Figures } from "../../../src/client/meter.ts";
import type { Action } from "../../../src/tui/store/actions.ts";
import { reduce } from "../../../src/tui/store/reduce.ts";
import type { Heard } from "../../../src/tui/store/room.ts";
import {
  currentRoom,
  initialState,
  type Message,
  type Room,
  type State,
} from "../../../src/tui/store/state.ts";

/** A Tuesday, at noon local time. */
export const NOON = new Date(2026, 9, 6, 12, 0).getTime();

export const LOBBY = "room:lobby";

export function fresh(change: Partial<State> = {}): State {
  const beginning = {
    room: LOBBY,
    label: "127.0.0.1:4400",
    nick: "alice",
    transport: "websocket",
  } as const;
  return { ...initialState({ ...beginning, columns: 120, rows: 36, now: NOON }), ...change };
}

export function after(state: State, ...actions: readonly Action[]): State {
  return actions.reduce(reduce, state);
}

export function heard(offset: number, change: Partial<Heard> = {}): Heard {
  return {
    epoch: "e1",
    offset,
    at: NOON + offset * 1_000,
    from: "bob",
    text: `text ${offset}`,
    me: false,
    ...change,
  };
}

export function event(offset: number, change: Partial<Heard> = {}, topic = LOBBY): Action {
  return { kind: "heard", topic, heard: heard(offset, change) };
}

export function said(publish: number, text: string): Action {
  return {
    kind: "say",
    topic: LOBBY,
    outgoing: { raw: text, text, me: false },
    publish,
    now: NOON,
  };
}

export function ack(publish: number, offset: number | null): Action {
  return { kind: "kept", topic: LOBBY, publish, epoch: "e1", offset };
}

/** The messages as they stand on the screen, oldest first. */
export function messages(room: Room): Message[] {
  return [...room.entries, ...room.pending].filter((entry) => entry.kind === "message");
}

/** `text✓` for each message. */
export function shown(state: State): string[] {
  const marks = { sending: "…", sent: "✓", failed: "✗" };
  return messages(currentRoom(state)).map(({ text, mark }) => text + (mark ? marks[mark] : ""));
}

export function figures(change: Partial<Figures> = {}): Figures {
  return {
    rttMs: { p50: 12, p95: 31 },
    deliveryMs: { p50: 3, p95: 9 },
    reconnects: 0,
    messages: 10,
    bytesDown: 880,
    bytesUp: 310,
    bytesPerMessageDown: 88,
    bytesPerMessageUp: 31,
    ...change,
  };
}
