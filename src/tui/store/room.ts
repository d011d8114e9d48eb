import { nickKey } from "../../protocol/names.ts";
import type { Divider, Entry, Line, Message, Outgoing, Room } from "./state.ts";

/** Entries that a room keeps; older messages are in the server's log. */
export const MAX_ENTRIES = 2_000;
/** … while it is scrolled up, so that pages of the past can be joined on. */
export const MAX_SCROLLED = 10_000;

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

/** An own message is on its way. */
export function say(room: Room, { raw, text, me }: Outgoing, publish: number, from: string, id: number, at: number): Room {
  const message: Message = {
    kind: "message",
    id,
    epoch: "",
    offset: 0,
    at,
    from,
    raw,
    text,
    me,
    mentioned: false,
    mark: "sending",
    publish,
  };
  return { ...room, pending: [...room.pending, message], readMark: undefined, anchor: undefined, below: 0 };
}

/** Where an own message has been kept. */
export interface Kept {
  readonly publish: number;
  readonly epoch: string;
  readonly offset: number | null;
}

/** An own message is kept, at this place in the log. `offset` null: it has been trimmed since. `id` is a new one. */
export function kept(room: Room, { publish, epoch, offset }: Kept, id: number): Room {
  const shown = room.entries.findLast((entry): entry is Message => entry.kind === "message" && entry.publish === publish);
  if (shown?.offset === offset && shown.epoch === epoch) return amend(room, shown, { mark: "sent", publish: undefined });
  // Somebody of the same nick said the same before: that wasn't it.
  const freed = shown ? amend(room, shown, { mark: undefined, publish: undefined }) : room;
  const waiting = room.pending.find((pending) => pending.publish === publish) ?? (shown && waitingAgain(shown, id));
  if (!waiting) return room;
  const others = room.pending.filter((pending) => pending !== waiting);
  const there = freed.entries.findLast(
    (entry): entry is Message => entry.kind === "message" && entry.offset === offset && entry.epoch === epoch,
  );
  if (there) {
    // What was taken for this one by mistake waits again.
    const displaced = there.publish === undefined ? [] : [waitingAgain(there, id)];
    return { ...amend(freed, there, { mark: "sent", publish: undefined }), pending: [...others, ...displaced] };
  }
  const settled: Message = { ...waiting, mark: "sent", publish: undefined };
  // It never comes any more: it stays where it is.
  if (offset === null) return { ...append(freed, settled), pending: others };
  const known = { ...settled, epoch, offset };
  const pending = shown ? [...room.pending, known] : room.pending.map((other) => (other === waiting ? known : other));
  return { ...freed, pending };
}

/** An own message was refused for good. `id` is a new one. */
export function refuse(room: Room, publish: number, reason: string, id: number): Room {
  const failed = (message: Message): Message => ({ ...message, mark: "failed", reason, publish: undefined });
  const shown = room.entries.findLast((entry): entry is Message => entry.kind === "message" && entry.publish === publish);
  if (shown) {
    const freed = amend(room, shown, { mark: undefined, publish: undefined });
    return { ...freed, pending: [...room.pending, failed(waitingAgain(shown, id))] };
  }
  return { ...room, pending: room.pending.map((message) => (message.publish === publish ? failed(message) : message)) };
}

/** Forget a message that was refused, because it is sent anew. */
export function discard(room: Room, id: number): Room {
  return { ...room, pending: room.pending.filter((message) => message.id !== id) };
}

/** The newest message that was refused. */
export function lastFailed(room: Room): Message | undefined {
  return room.pending.findLast(({ mark }) => mark === "failed");
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
  const messages = older.map(
    (heard, index): Message => ({
      kind: "message",
      id: id + index,
      ...heard,
      mentioned: nickKey(heard.from) !== nickKey(nick) && mentions(heard.text, nick),
    }),
  );
  return {
    ...room,
    epoch: page.epoch,
    first: Math.min(before, page.first),
    entries: [...messages, ...room.entries],
    past: page.more ? "more" : "none",
  };
}

export function append(room: Room, entry: Message | Line | Divider): Room {
  return trim({ ...room, entries: [...room.entries, entry] });
}

/** Keep no more than there may be. */
export function trim(room: Room): Room {
  const limit = room.anchor ? MAX_SCROLLED : MAX_ENTRIES;
  if (room.entries.length <= limit) return room;
  const entries = room.entries.slice(-limit);
  const first = entries.find((entry) => entry.kind === "message" && entry.offset > 0 && entry.epoch === room.epoch);
  return { ...room, entries, first: first?.kind === "message" ? first.offset : room.first, past: "more" };
}

/** The newest entry that is shown; undefined: there is none. */
export function lastId(room: Room): number | undefined {
  return room.entries.at(-1)?.id;
}

/** An own message whose place turned out to be another's. */
function waitingAgain(message: Message, id: number): Message {
  return { ...message, id, epoch: "", offset: 0 };
}

function amend(room: Room, old: Entry, change: Partial<Message>): Room {
  const at = room.entries.lastIndexOf(old);
  if (at < 0 || old.kind !== "message") return room;
  return { ...room, entries: room.entries.with(at, { ...old, ...change }) };
}

/** The own message that has just come, if one waits for it: known by its place, or while that isn't known by its text. */
function waitingFor({ pending }: Room, { epoch, offset, text, me }: Heard): Message | undefined {
  return (
    pending.find((message) => message.offset === offset && message.epoch === epoch) ??
    pending.find((message) => message.mark === "sending" && message.text === text && message.me === me)
  );
}

function mentions(text: string, nick: string): boolean {
  const haystack = nickKey(text);
  const needle = nickKey(nick);
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    if (!isWord(haystack.charAt(at - 1)) && !isWord(haystack.charAt(at + needle.length))) return true;
  }
  return false;
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}_]/u.test(character);
}
