import type { Figures } from "../../client/meter.ts";
import type { TransportName } from "../../client/transport-names.ts";
import type { CompletionCycle } from "../composer/complete.ts";
import { type ComposerState, emptyComposer } from "../composer/state.ts";
import { type Members, NOBODY } from "./members.ts";
import { EMPTY_TICKER, type Ticker } from "./ticker.ts";

/** A chat message. Its text is cleaned. */
export interface Message {
  readonly kind: "message";
  readonly id: number;
  readonly epoch: string;
  /** 0: not known yet */
  readonly offset: number;
  /** ms since 1970 */
  readonly at: number;
  readonly from: string;
  readonly text: string;
  /** `text` is what `from` does, not what they say. */
  readonly me: boolean;
  readonly mentioned: boolean;
  /** Own messages of this session: on the way, kept, or refused. */
  readonly mark?: "sending" | "sent" | "failed" | undefined;
  /** Own messages whose place isn't known yet: the text as it was written. */
  readonly raw?: string | undefined;
  /** Why it was refused. */
  readonly reason?: string | undefined;
  /** Which publish it is, until that is settled. */
  readonly publish?: number | undefined;
}

/** Something that was said by nobody: joins, command output, what happened to the connection. */
export interface Line {
  readonly kind: "line";
  readonly id: number;
  readonly at: number;
  readonly text: string;
  readonly tone: "info" | "error" | "presence";
}

/** A rule across the log. */
export interface Divider {
  readonly kind: "divider";
  readonly id: number;
  readonly at: number;
  readonly text: string;
  readonly tone: "swap" | "good" | "bad";
}

export type Entry = Message | Line | Divider;

/** A row of the log: the bottom one that is visible while the log is scrolled up. */
export interface Anchor {
  readonly id: number;
  /** Which of the entry's rows. */
  readonly row: number;
}

export interface Room {
  /** `room:lobby` */
  readonly topic: string;
  /** The topic line; empty: none. */
  readonly line: string;
  readonly entries: readonly Entry[];
  /** Own messages whose place isn't known yet. */
  readonly pending: readonly Message[];
  /** Of the log that is being read. */
  readonly epoch: string | undefined;
  /** The oldest offset that is here; undefined: none is. */
  readonly first: number | undefined;
  /** What is known of what lies before `first`. */
  readonly past: "unknown" | "loading" | "more" | "none";
  readonly unread: number;
  readonly mentions: number;
  /** The entry after which the new ones begin. */
  readonly readMark: number | undefined;
  /** undefined: at the bottom */
  readonly anchor: Anchor | undefined;
  /** Messages that came since the log was scrolled up. */
  readonly below: number;
  readonly members: Members;
  readonly composer: ComposerState;
  readonly completion: CompletionCycle | undefined;
}

/** How the path to the server fares. */
export interface Link {
  readonly state: "connecting" | "live" | "waiting" | "closed";
  readonly transport: TransportName;
  /** The transport that a swap is on its way to. */
  readonly swapping: TransportName | undefined;
  readonly reason: string | undefined;
  /** Waiting: seconds until the next try. */
  readonly seconds: number;
  /** Live: seconds for which nothing has come, where that is too long; 0 where it isn't. */
  readonly quiet: number;
  /** When the link was lost that hasn't come back yet, ms since 1970. */
  readonly lostAt: number | undefined;
  readonly lastOutage: { readonly at: number; readonly ms: number } | undefined;
}

/** Counts of the session, polled. */
export interface Meters {
  readonly all: Figures;
  readonly each: ReadonlyMap<TransportName, Figures>;
  readonly gaps: number;
  /** Bytes a second down, of late. */
  readonly rate: number;
  /** The latest round trips, ms, oldest first. */
  readonly roundTrips: readonly number[];
}

export type Overlay =
  | { readonly kind: "help"; readonly top: number }
  | { readonly kind: "picker"; readonly index: number };

/** One line above the composer. */
export interface Notice {
  readonly text: string;
  readonly tone: "info" | "error";
}

export interface State {
  readonly columns: number;
  readonly rows: number;
  /** Raised to have the screen drawn anew. */
  readonly redraws: number;
  /** Raised for each entry. */
  readonly lastId: number;
  readonly nick: string;
  readonly label: string;
  /** ms since 1970, full minutes */
  readonly minute: number;
  /** In the order in which they were joined. Never empty. */
  readonly rooms: readonly Room[];
  /** Topic of the room on the screen. */
  readonly current: string;
  readonly link: Link;
  readonly meters: Meters | undefined;
  readonly ticker: Ticker;
  readonly sidebar: boolean;
  readonly overlay: Overlay | undefined;
  readonly notice: Notice | undefined;
  /** A text that waits for a yes. */
  readonly question: { readonly text: string } | undefined;
}

/** A message to be sent. */
export interface Outgoing {
  /** As its author wrote it. */
  readonly raw: string;
  /** … and cleaned, as it is shown. */
  readonly text: string;
  readonly me: boolean;
}

export function newRoom(topic: string): Room {
  return {
    topic,
    line: "",
    entries: [],
    pending: [],
    epoch: undefined,
    first: undefined,
    past: "unknown",
    unread: 0,
    mentions: 0,
    readMark: undefined,
    anchor: undefined,
    below: 0,
    members: NOBODY,
    composer: emptyComposer(),
    completion: undefined,
  };
}

export interface Beginning {
  readonly room: string;
  readonly label: string;
  readonly nick: string;
  readonly transport: TransportName;
  readonly columns: number;
  readonly rows: number;
  readonly now: number;
}

export function initialState({
  room,
  label,
  nick,
  transport,
  columns,
  rows,
  now,
}: Beginning): State {
  return {
    columns,
    rows,
    redraws: 0,
    lastId: 0,
    nick,
    label,
    minute: minuteOf(now),
    rooms: [newRoom(room)],
    current: room,
    link: {
      state: "connecting",
      transport,
      swapping: undefined,
      reason: undefined,
      seconds: 0,
      quiet: 0,
      lostAt: undefined,
      lastOutage: undefined,
    },
    meters: undefined,
    ticker: EMPTY_TICKER,
    sidebar: true,
    overlay: undefined,
    notice: undefined,
    question: undefined,
  };
}

export function minuteOf(now: number): number {
  return now - (now % 60_000);
}

/** The room on the screen. */
export function currentRoom(state: State): Room {
  const room = state.rooms.find(({ topic }) => topic === state.current) ?? state.rooms[0];
  if (!room) throw new Error("there is always a room");
  return room;
}
