import { nickKey } from "../../protocol/names.ts";
import { append, lastId } from "./entries.ts";
import { waitingFor } from "./own.ts";
import type { Message, Room } from "./state.ts";

/** A message as it came from the log, cleaned. */
export interface Heard {
  readonly epoch: string;
  readonly offset: number;
  readonly at: number;
  readonly from: string;
  readonly text: string;
  readonly me: boolean;
}

/** Who reads, and how many entries there have been. */
export interface Context {
  readonly nick: string;
  readonly id: number;
  /** Whether the room is on the screen. */
  readonly current: boolean;
}

/** A message has come: exactly once each, in the order of the log. */
export function hear(room: Room, heard: Heard, { nick, id, current }: Context): Room {
  const own = nickKey(heard.from) === nickKey(nick);
  const mentioned = !own && mentions(heard.text, nick);
  const message: Message = { kind: "message", id, ...heard, mentioned };
  const waiting = own ? waitingFor(room, heard) : undefined;
  const placed = waiting ? { ...waiting, ...message, id: waiting.id } : message;
  const next = append(reached(room, heard), placed);
  const pending = waiting ? room.pending.filter((other) => other !== waiting) : room.pending;
  return {
    ...next,
    pending,
    unread: current || own ? room.unread : room.unread + 1,
    mentions: current || !mentioned ? room.mentions : room.mentions + 1,
    below: room.anchor ? room.below + 1 : 0,
    readMark: room.anchor && room.below === 0 ? lastId(room) : room.readMark,
  };
}

/** An event has come, of whatever kind. */
export function reached(room: Room, { epoch, offset }: { epoch: string; offset: number }): Room {
  if (room.first !== undefined && room.epoch === epoch) return room;
  // Of a log that was lost there is no more than what is shown.
  const past = offset > 1 && room.entries.length === 0 ? "more" : "none";
  return { ...room, epoch, first: offset, past };
}

/** A gap, up to an offset; undefined: all that is here has no place in the log any more, and others may come in its places. */
export function passOver(room: Room, to: number | undefined): Room {
  // Own messages that were kept and never come: they stay where they are.
  const never = ({ offset }: Message) => offset > 0 && offset <= (to ?? Infinity);
  const entries = [...room.entries, ...room.pending.filter(never)];
  const pending = room.pending.filter((message) => !never(message));
  if (to !== undefined) return { ...room, entries, pending };
  const displaced = entries.map((entry) =>
    entry.kind === "message" ? { ...entry, offset: 0 } : entry,
  );
  return { ...room, entries: displaced, pending, first: undefined, past: "none" };
}

/** A page of a log. */
export interface Page {
  readonly epoch: string;
  /** Offset of its first event, of whatever kind; undefined: there is none. */
  readonly first: number | undefined;
  readonly messages: readonly Heard[];
  /** Whether there is anything before it. */
  readonly more: boolean;
}

/** A page of the past has come; what is here already is left out. */
export function prepend(room: Room, page: Page, nick: string, id: number): Room {
  if (page.first === undefined) return { ...room, past: "none" };
  if (room.epoch !== undefined && room.epoch !== page.epoch) return { ...room, past: "none" };
  const before = room.first ?? Number.POSITIVE_INFINITY;
  const older = page.messages.filter(({ offset }) => offset < before);
  const messages = older.map((heard, index): Message => ({
    kind: "message",
    id: id + index,
    ...heard,
    mentioned: nickKey(heard.from) !== nickKey(nick) && mentions(heard.text, nick),
  }));
  return {
    ...room,
    epoch: page.epoch,
    first: Math.min(before, page.first),
    entries: [...messages, ...room.entries],
    past: page.more ? "more" : "none",
  };
}

function mentions(text: string, nick: string): boolean {
  const haystack = nickKey(text);
  const needle = nickKey(nick);
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    if (!isWord(haystack.charAt(at - 1)) && !isWord(haystack.charAt(at + needle.length)))
      return true;
  }
  return false;
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}_]/u.test(character);
}
