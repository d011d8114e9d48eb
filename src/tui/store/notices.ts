import { cleanLine, cleanText } from "../../client/clean.ts";
import type { GapNotice, LinkNotice, Notice, SwapNotice, TopicEvent } from "../../client/events.ts";
import type { Body } from "../../protocol/frames.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { familyOf } from "../../protocol/names.ts";
import { plural } from "../view/format.ts";
import type { Action } from "./actions.ts";
import type { Heard } from "./room.ts";
import type { Tick } from "./ticker.ts";

/** Longest symbol on the screen, in cells. */
const SYMBOL_CELLS = 8;
/** Longest nick on the screen, in cells. */
const NICK_CELLS = LIMITS.nickLength;
const REASON_CELLS = 160;

/**
 * What the session tells, as actions. This is where text from others comes in: all of it is cleaned here, and nowhere again.
 * Prices aren't among them, see {@link tickOf}.
 */
export function actionsOf(notice: Notice, now: number): readonly Action[] {
  switch (notice.kind) {
    case "event":
      return eventActions(notice, now);
    case "gap":
      return gapActions(notice, now);
    case "topic":
      return notice.topic === MARKET
        ? [{ kind: "source", source: notice.source && cleanLine(notice.source, 40) }]
        : [];
    case "link":
      return linkActions(notice, now);
    case "swap":
      return [{ kind: "swapped", transport: notice.to, text: swapText(notice), now }];
    case "error":
      // That the link ends because of it is told anyway.
      if (notice.code === "draining") return [];
      // It stays the case after the next key: messages wait until the server can keep them.
      if (notice.code === "storage") {
        const line = `not sent yet: ${cleanLine(notice.message, REASON_CELLS)}`;
        return [{ kind: "print", lines: [line], tone: "error", now }];
      }
      return [
        {
          kind: "notice",
          notice: { text: `server: ${cleanLine(notice.message, REASON_CELLS)}`, tone: "error" },
        },
      ];
  }
}

export const MARKET = "feed:market";

/** The price in an event of `feed:market`; undefined: there is none. */
export function tickOf({ body }: TopicEvent): Tick | undefined {
  const { symbol, price, change } = fieldsOf(body);
  if (typeof symbol !== "string" || typeof price !== "number" || !Number.isFinite(price))
    return undefined;
  const moved = typeof change === "number" && Number.isFinite(change) ? change : 0;
  return { symbol: cleanLine(symbol, SYMBOL_CELLS), price, change: moved };
}

/** What an event of a room says; undefined: it isn't a message. */
export function heardOf({ epoch, offset, at, from, body }: TopicEvent): Heard | undefined {
  const { text, me, line } = fieldsOf(body);
  if (typeof line === "string" && text === undefined) return undefined;
  const said = typeof text === "string" ? text : JSON.stringify(body);
  return {
    epoch,
    offset,
    at,
    from: cleanLine(from, NICK_CELLS),
    text: cleanText(said),
    me: me === true,
  };
}

/** A server's or an error's own words, on one line. */
export function reasonOf(error: unknown): string {
  return cleanLine(error instanceof Error ? error.message : String(error), REASON_CELLS);
}

export function cleanTopicLine(line: string): string {
  return line.trim() === "" ? "" : cleanLine(line, LIMITS.topicLineLength);
}

function eventActions(event: TopicEvent, now: number): readonly Action[] {
  const { topic } = event;
  if (familyOf(topic) === "who") {
    const { nick, here } = fieldsOf(event.body);
    if (typeof nick !== "string") return [];
    return [
      { kind: "presence", topic, nick: cleanLine(nick, NICK_CELLS), here: here === true, now },
    ];
  }
  if (familyOf(topic) !== "room") return [];
  const heard = heardOf(event);
  if (heard) return [{ kind: "heard", topic, heard }];
  const { line } = fieldsOf(event.body);
  const { epoch, offset, at } = event;
  const from = cleanLine(event.from, NICK_CELLS);
  return [
    {
      kind: "topic-line",
      topic,
      line: cleanTopicLine(String(line)),
      event: { epoch, offset, at, from },
    },
  ];
}

function gapActions({ topic, from, to, reason }: GapNotice, now: number): readonly Action[] {
  if (familyOf(topic) === "who") return [{ kind: "presence-anew", topic }];
  if (familyOf(topic) !== "room") return [];
  const count = from !== null && to !== null ? to - from + 1 : undefined;
  const last = reason === "trimmed" ? (to ?? undefined) : undefined;
  return [{ kind: "gap", topic, text: gapText(from, count, reason), to: last, now }];
}

// Short enough for a screen of 60 cells.
function gapText(
  from: number | null,
  count: number | undefined,
  reason: GapNotice["reason"],
): string {
  const gone =
    count === undefined
      ? "some messages may be missing"
      : `${plural(count, "message")} ${count === 1 ? "is" : "are"} gone`;
  switch (reason) {
    case "trimmed":
      return `gap: ${gone}, the server keeps no more`;
    case "epoch":
      return `gap: log lost after message ${((from ?? 1) - 1).toLocaleString("en")}, a new one begins`;
    case "future":
      return `gap: ${gone}, the log was set back`;
    case "unreadable":
      return `gap: ${gone}, our place was unreadable`;
  }
}

function linkActions({ transport, state, ms, reason }: LinkNotice, now: number): readonly Action[] {
  const why = reason === undefined ? undefined : cleanLine(reason, REASON_CELLS);
  switch (state) {
    case "connecting":
      return [{ kind: "connecting", transport }];
    case "live":
      return [{ kind: "live", transport, now }];
    case "lost":
      return [{ kind: "lost", transport, reason: why ?? "no reason was given", now }];
    case "waiting":
      return [
        { kind: "waiting", transport, seconds: Math.ceil((ms ?? 0) / 1_000), reason: why, now },
      ];
    case "failed":
      // Who asked for the swap says that it failed.
      return [];
    case "closed":
      return [{ kind: "closed", reason: why ?? "the session is over" }];
  }
}

function swapText({ from, to, ms, duplicates, lost }: SwapNotice): string {
  return `${from} → ${to} in ${ms} ms · lost ${lost} · twice ${duplicates}`;
}

function fieldsOf(body: Body): { readonly [name: string]: unknown } {
  return typeof body === "object" && body !== null ? Object.fromEntries(Object.entries(body)) : {};
}
