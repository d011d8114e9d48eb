import { append } from "./entries.ts";
import type { Entry, Message, Outgoing, Room } from "./state.ts";

/** An own message is on its way. */
export function say(
  room: Room,
  { raw, text, me }: Outgoing,
  publish: number,
  from: string,
  id: number,
  at: number,
): Room {
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
  return {
    ...room,
    pending: [...room.pending, message],
    readMark: undefined,
    anchor: undefined,
    below: 0,
  };
}

/** Where an own message has been kept. */
export interface Kept {
  readonly publish: number;
  readonly epoch: string;
  readonly offset: number | null;
}

/** An own message is kept, at this place in the log. `offset` null: it has been trimmed since. `id` is a new one. */
export function kept(room: Room, { publish, epoch, offset }: Kept, id: number): Room {
  const shown = room.entries.findLast(
    (entry): entry is Message => entry.kind === "message" && entry.publish === publish,
  );
  if (shown?.offset === offset && shown.epoch === epoch)
    return amend(room, shown, { mark: "sent", publish: undefined });
  // Somebody of the same nick said the same before: that wasn't it.
  const freed = shown ? amend(room, shown, { mark: undefined, publish: undefined }) : room;
  const waiting =
    room.pending.find((pending) => pending.publish === publish) ??
    (shown && waitingAgain(shown, id));
  if (!waiting) return room;
  const others = room.pending.filter((pending) => pending !== waiting);
  const there = freed.entries.findLast(
    (entry): entry is Message =>
      entry.kind === "message" && entry.offset === offset && entry.epoch === epoch,
  );
  if (there) {
    // What was taken for this one by mistake waits again.
    const displaced = there.publish === undefined ? [] : [waitingAgain(there, id)];
    return {
      ...amend(freed, there, { mark: "sent", publish: undefined }),
      pending: [...others, ...displaced],
    };
  }
  const settled: Message = { ...waiting, mark: "sent", publish: undefined };
  // It never comes any more: it stays where it is.
  if (offset === null) return { ...append(freed, settled), pending: others };
  const known = { ...settled, epoch, offset };
  const pending = shown
    ? [...room.pending, known]
    : room.pending.map((other) => (other === waiting ? known : other));
  return { ...freed, pending };
}

/** An own message was refused for good. `id` is a new one. */
export function refuse(room: Room, publish: number, reason: string, id: number): Room {
  const failed = (message: Message): Message => ({
    ...message,
    mark: "failed",
    reason,
    publish: undefined,
  });
  const shown = room.entries.findLast(
    (entry): entry is Message => entry.kind === "message" && entry.publish === publish,
  );
  if (shown) {
    const freed = amend(room, shown, { mark: undefined, publish: undefined });
    return { ...freed, pending: [...room.pending, failed(waitingAgain(shown, id))] };
  }
  return {
    ...room,
    pending: room.pending.map((message) =>
      message.publish === publish ? failed(message) : message,
    ),
  };
}

/** Forget a message that was refused, because it is sent anew. */
export function discard(room: Room, id: number): Room {
  return { ...room, pending: room.pending.filter((message) => message.id !== id) };
}

/** The newest message that was refused. */
export function lastFailed(room: Room): Message | undefined {
  return room.pending.findLast(({ mark }) => mark === "failed");
}

/** The own message that has just come, if one waits for it: known by its place, or while that isn't known by its text. */
export function waitingFor(
  { pending }: Room,
  { epoch, offset, text, me }: Pick<Message, "epoch" | "offset" | "text" | "me">,
): Message | undefined {
  return (
    pending.find((message) => message.offset === offset && message.epoch === epoch) ??
    pending.find(
      (message) => message.mark === "sending" && message.text === text && message.me === me,
    )
  );
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
