import type { Entry, Room } from "./state.ts";

/** Entries that a room keeps; older messages are in the server's log. */
export const MAX_ENTRIES = 2_000;
/** … while it is scrolled up, so that pages of the past can be joined on. */
export const MAX_SCROLLED = 10_000;

/** Put an entry at the end. */
export function append(room: Room, entry: Entry): Room {
  return trim({ ...room, entries: [...room.entries, entry] });
}

/** Keep no more than there may be. */
export function trim(room: Room): Room {
  const limit = room.anchor ? MAX_SCROLLED : MAX_ENTRIES;
  if (room.entries.length <= limit) return room;
  const entries = room.entries.slice(-limit);
  const first = entries.find(
    (entry) => entry.kind === "message" && entry.offset > 0 && entry.epoch === room.epoch,
  );
  return {
    ...room,
    entries,
    first: first?.kind === "message" ? first.offset : room.first,
    past: "more",
  };
}

/** The newest entry that is shown; undefined: there is none. */
export function lastId(room: Room): number | undefined {
  return room.entries.at(-1)?.id;
}
