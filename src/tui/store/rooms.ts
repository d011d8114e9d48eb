import { append, lastId, trim } from "./entries.ts";
import type { Divider, Line, Room, State } from "./state.ts";

/** Show another room. Where the one before was left, its reader will find what is new. */
export function go(state: State, topic: string): State {
  if (topic === state.current || !state.rooms.some((room) => room.topic === topic)) return state;
  const left = inRoom(state, state.current, (room) => ({
    ...trim({ ...room, anchor: undefined, below: 0 }),
    readMark: lastId(room),
  }));
  const entered = inRoom(left, topic, (room) => ({
    ...room,
    unread: 0,
    mentions: 0,
    readMark: hasNews(room) ? room.readMark : undefined,
  }));
  return { ...entered, current: topic, notice: undefined, question: undefined };
}

/** Whether anybody has said anything since the room was left. */
function hasNews({ entries, readMark }: Room): boolean {
  const read = entries.findLastIndex(({ id }) => id === readMark);
  return entries.findLastIndex(({ kind }) => kind === "message") > read;
}

/** Take a room away; never the last one. */
export function part(state: State, topic: string): State {
  const index = state.rooms.findIndex((room) => room.topic === topic);
  const rooms = state.rooms.filter((room) => room.topic !== topic);
  const neighbour = rooms[Math.min(index, rooms.length - 1)];
  if (index < 0 || !neighbour) return state;
  const next = topic === state.current ? go(state, neighbour.topic) : state;
  return { ...next, rooms: next.rooms.filter((room) => room.topic !== topic) };
}

/** Put a line into a room's log. */
export function print(
  state: State,
  topic: string,
  text: string,
  tone: Line["tone"],
  at: number,
): State {
  return withId(state, (numbered, id) =>
    inRoom(numbered, topic, (room) => append(room, { kind: "line", id, at, text, tone })),
  );
}

/** Put a rule into a room's log. */
export function divide(
  state: State,
  topic: string,
  text: string,
  tone: Divider["tone"],
  at: number,
): State {
  return withId(state, (numbered, id) =>
    inRoom(numbered, topic, (room) => append(room, { kind: "divider", id, at, text, tone })),
  );
}

/** Change the state with an id that no entry has. */
export function withId(state: State, change: (numbered: State, id: number) => State): State {
  const id = state.lastId + 1;
  return change({ ...state, lastId: id }, id);
}

/** Change one room; nothing if it isn't there. */
export function inRoom(state: State, topic: string, change: (room: Room) => Room): State {
  const index = state.rooms.findIndex((room) => room.topic === topic);
  const room = state.rooms[index];
  return room ? { ...state, rooms: state.rooms.with(index, change(room)) } : state;
}
