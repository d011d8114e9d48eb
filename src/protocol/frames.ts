import type { ErrorCode } from "./errors.ts";

/** Any JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** A body as programs see it: the wire's bare string is `{text}` here. */
export type Body = Exclude<Json, string>;

export interface Welcome {
  readonly kind: "welcome";
  readonly version: number;
  readonly server: string;
  readonly time: number;
  readonly heartbeat: number;
  readonly nick?: string | undefined;
}

export type GapReason = "trimmed" | "epoch" | "future" | "unreadable";

/** Offsets that can't be had any more; null where the extent is unknown. */
export interface Gap {
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: GapReason;
}

export type TopicMode = "log" | "latest";

/** From here on topic number `n` continues after offset `after`. */
export interface TopicFrame {
  readonly kind: "topic";
  readonly n: number;
  readonly topic: string;
  readonly epoch: string;
  readonly after: number;
  readonly base: number;
  readonly mode: TopicMode;
  readonly key?: string | undefined;
  readonly from?: string | undefined;
  readonly gap?: Gap | undefined;
}

/** An event in its wire form: numbers of the link's `topic` frames still to be resolved. */
export interface EventFrame {
  readonly kind: "event";
  readonly n: number;
  readonly offset: number;
  /** ms since the topic's base */
  readonly at: number;
  readonly body: Body;
  /** Empty: the topic's own sender. */
  readonly from: string;
  /** Offsets right before this one that newer events of their keys replaced. */
  readonly superseded: number;
}

interface Synced {
  readonly kind: "synced" | "more";
  readonly cursor: string;
}

interface Heartbeat {
  readonly kind: "heartbeat";
}

export interface Pong {
  readonly kind: "pong";
  readonly id: number;
  readonly time: number;
}

/** The server's clock, in the answer to a posted ping. */
interface Clock {
  readonly kind: "clock";
  readonly id: number;
  readonly time: number;
}

export interface Ack {
  readonly kind: "ack";
  readonly number: number;
  readonly topic: string;
  readonly epoch: string;
  readonly offset: number | null;
}

export interface Nack {
  readonly kind: "nack";
  readonly number: number;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface Drain {
  readonly kind: "drain";
  readonly after: number;
}

export interface ErrorFrame {
  readonly kind: "error";
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string | undefined;
  readonly after?: number | undefined;
}

export interface Page {
  readonly kind: "page";
  readonly more: boolean;
}

/** Every frame that a server sends. */
export type ServerFrame =
  | Welcome
  | TopicFrame
  | EventFrame
  | Synced
  | Heartbeat
  | Pong
  | Clock
  | Ack
  | Nack
  | Drain
  | ErrorFrame
  | Page;

export interface Publish {
  readonly kind: "publish";
  readonly producer: string;
  readonly number: number;
  readonly topic: string;
  readonly body: Body;
}

interface Ping {
  readonly kind: "ping";
  readonly id: number;
}

interface Bye {
  readonly kind: "bye";
}

/** Every frame that a client sends. */
export type ClientFrame = Publish | Ping | Bye;

/** A body as it goes over the wire: `{text}` alone becomes the bare string. */
export function packBody(body: Json): Json {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { text } = body as { readonly [key: string]: Json };
  return typeof text === "string" && Object.keys(body).length === 1 ? text : body;
}

/** The inverse of {@link packBody}. */
export function unpackBody(body: Json): Body {
  return typeof body === "string" ? { text: body } : body;
}

/** One line of JSON for a client's frame. */
export function encodeClientFrame(frame: ClientFrame): string {
  return frame.kind === "publish"
    ? JSON.stringify({ ...frame, body: packBody(frame.body) })
    : JSON.stringify(frame);
}

/** One line of JSON for a server's frame; events are encoded where they are logged. */
export function encodeServerFrame(frame: Exclude<ServerFrame, EventFrame>): string {
  return JSON.stringify(frame);
}
