import { ProtocolError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { parseTopic, quote } from "./names.ts";

/** Place in a log: the last event that was read. Offset 0 is before the first event. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** Where to begin in a topic that has no position yet: a number is so many events back. */
export type Since = "now" | "beginning" | number;

/** Where to read on in one topic. `unreadable` is a position that came garbled. */
export type Start = Position | Since | "unreadable";

const POSITION = /^([0-9a-z]{5})\.(0|[1-9][0-9]{0,15})$/;

export function encodePosition({ epoch, offset }: Position): string {
  return `${epoch}.${offset}`;
}

/** @returns undefined for what isn't a position */
export function decodePosition(text: string): Position | undefined {
  const match = POSITION.exec(text);
  const offset = Number(match?.[2]);
  return match && Number.isSafeInteger(offset) ? { epoch: match[1]!, offset } : undefined;
}

/** @returns undefined for what is none of now, beginning or a number of events */
export function decodeSince(text: string): Since | undefined {
  if (text === "now" || text === "beginning") return text;
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

/** `room:lobby@k3f9a.1041,feed:market@now` */
export function encodeCursor(starts: Iterable<readonly [topic: string, start: Start]>): string {
  return Array.from(starts, ([topic, start]) => {
    return `${topic}@${typeof start === "object" ? encodePosition(start) : start}`;
  }).join(",");
}

/**
 * Read a cursor. A position that isn't one is kept as `unreadable`, so that the reader of the topic gets a spoken gap
 * instead of being stuck.
 * @throws ProtocolError `bad-cursor` when not even the topics can be read, `bad-topic`, `too-many-topics`
 */
export function decodeCursor(text: string): Map<string, Start> {
  const starts = new Map<string, Start>();
  if (text === "") return starts;
  const entries = text.split(",");
  if (entries.length > LIMITS.topicsPerLink) throw tooManyTopics(entries.length);
  for (const entry of entries) {
    // The first one: a topic's name has none, a garbled position may.
    const at = entry.indexOf("@");
    if (at < 0) {
      throw new ProtocolError(
        "bad-cursor",
        `expected a cursor such as room:lobby@k3f9a.1041, as a synced frame gives it, got ${quote(entry)}`,
      );
    }
    const start = entry.slice(at + 1);
    starts.set(
      parseTopic(entry.slice(0, at)),
      decodePosition(start) ?? decodeSince(start) ?? "unreadable",
    );
  }
  return starts;
}

export function tooManyTopics(count: number): ProtocolError {
  return new ProtocolError(
    "too-many-topics",
    `a link reads at most ${LIMITS.topicsPerLink} topics, got ${count}: open a second session for the rest`,
  );
}
