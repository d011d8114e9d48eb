import { z } from "zod";
import { type ErrorCode, isErrorCode, ProtocolError } from "./errors.ts";
import {
  type ClientFrame,
  type EventFrame,
  type Json,
  packBody,
  type ServerFrame,
  unpackBody,
} from "./frames.ts";
import { LIMITS } from "./limits.ts";
import { parseTopic, quote } from "./names.ts";

const count = z.number().int().min(0);
const nullableCount = count.nullable();

const serverFrames = {
  welcome: z.object({
    kind: z.literal("welcome"),
    version: count,
    server: z.string(),
    time: z.number(),
    heartbeat: z.number().min(50).max(3_600_000),
    nick: z.string().optional(),
  }),
  topic: z.object({
    kind: z.literal("topic"),
    n: count,
    topic: z.string(),
    epoch: z.string(),
    after: count,
    base: z.number(),
    mode: z.enum(["log", "latest"]),
    key: z.string().optional(),
    from: z.string().optional(),
    gap: z
      .object({
        from: nullableCount,
        to: nullableCount,
        reason: z.enum(["trimmed", "epoch", "future", "unreadable"]),
      })
      .optional(),
  }),
  synced: z.object({ kind: z.literal("synced"), cursor: z.string() }),
  more: z.object({ kind: z.literal("more"), cursor: z.string() }),
  heartbeat: z.object({ kind: z.literal("heartbeat") }),
  pong: z.object({ kind: z.literal("pong"), id: count, time: z.number() }),
  clock: z.object({ kind: z.literal("clock"), id: count, time: z.number() }),
  ack: z.object({
    kind: z.literal("ack"),
    number: count,
    topic: z.string(),
    epoch: z.string(),
    offset: nullableCount,
  }),
  nack: z.object({
    kind: z.literal("nack"),
    number: count,
    // A newer server may know more codes: what we don't know is not retried.
    code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : "bad-request")),
    message: z.string(),
  }),
  drain: z.object({ kind: z.literal("drain"), after: z.number().min(0) }),
  error: z.object({
    kind: z.literal("error"),
    code: z.string(),
    message: z.string(),
    suggestion: z.string().optional(),
    after: z.number().optional(),
  }),
  page: z.object({ kind: z.literal("page"), more: z.boolean() }),
} as const satisfies Record<Exclude<ServerFrame["kind"], "event">, z.ZodType>;

// What JSON.parse has made is JSON: only its presence is left to check, and in checkBody its depth.
const anyJson = z.custom<Json>((value) => value !== undefined, "expected any JSON value");

/** How deeply a body may be nested. */
const MAX_DEPTH = 32;
/** What a frame holds beside its body, in bytes. */
const FRAME_ROOM = 1_024;

const clientFrames = {
  publish: z.object({
    kind: z.literal("publish"),
    producer: z.string().regex(/^[0-9A-Za-z_-]{8,64}$/, "expected 8 to 64 of 0-9A-Za-z_-"),
    number: z.number().int().min(1),
    topic: z.string(),
    body: anyJson,
  }),
  ping: z.object({ kind: z.literal("ping"), id: count }),
  bye: z.object({ kind: z.literal("bye") }),
} as const satisfies Record<ClientFrame["kind"], z.ZodType>;

/**
 * Read one frame of a server.
 * @returns undefined for a kind that this version doesn't know, which is to be ignored
 * @throws ProtocolError `bad-frame`
 */
export function parseServerFrame(line: string): ServerFrame | undefined {
  const value = parseJson(line);
  if (Array.isArray(value)) return parseEvent(value, line);
  const kind = kindOf(value, line);
  if (!Object.hasOwn(serverFrames, kind)) return undefined;
  return check(serverFrames[kind as keyof typeof serverFrames], value, kind);
}

/** Read the frames of one WebSocket message or HTTP body, one a line; blank lines and unknown kinds are passed over. */
export function parseServerFrames(text: string): ServerFrame[] {
  const frames: ServerFrame[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const frame = parseServerFrame(line);
    if (frame) frames.push(frame);
  }
  return frames;
}

/**
 * Read one frame of a client.
 * @throws ProtocolError `bad-frame`, `unknown-kind`, `frame-too-large`, `bad-topic`, `text-too-long`
 */
export function parseClientFrame(line: string): ClientFrame {
  if (Buffer.byteLength(line) > LIMITS.frameBytes) {
    throw new ProtocolError(
      "frame-too-large",
      `a frame has at most ${LIMITS.frameBytes} bytes, got ${Buffer.byteLength(line)}`,
    );
  }
  const value = parseJson(line);
  const kind = kindOf(value, line);
  if (!Object.hasOwn(clientFrames, kind)) {
    throw new ProtocolError(
      "unknown-kind",
      `unknown frame kind ${quote(kind)}: expected publish, ping or bye`,
    );
  }
  const frame = check(clientFrames[kind as keyof typeof clientFrames], value, kind);
  if (frame.kind !== "publish") return frame;
  return { ...frame, topic: parseTopic(frame.topic), body: checkBody(frame.body) };
}

/**
 * Check what somebody wants to publish.
 * @throws ProtocolError `text-too-long`, `bad-body`
 */
export function checkBody(body: Json): Exclude<Json, string> {
  if (!isFinite(body, MAX_DEPTH)) {
    throw new ProtocolError(
      "bad-body",
      "a body holds numbers that JSON can write, got one beyond 1e308",
    );
  }
  if (deeperThan(body, MAX_DEPTH)) {
    throw new ProtocolError("bad-body", `a body is nested at most ${MAX_DEPTH} levels deep`);
  }
  const packed = packBody(body);
  const json = JSON.stringify(packed);
  const bytes = Buffer.byteLength(typeof packed === "string" ? packed : json);
  if (bytes > LIMITS.bodyBytes) {
    throw new ProtocolError(
      "text-too-long",
      `a message has at most ${LIMITS.bodyBytes} bytes, got ${bytes}: send it in parts`,
    );
  }
  // A text of controls is several times as long once it is escaped.
  if (Buffer.byteLength(json) > LIMITS.frameBytes - FRAME_ROOM) {
    throw new ProtocolError(
      "text-too-long",
      `a message must fit into a frame of ${LIMITS.frameBytes} bytes, got ${Buffer.byteLength(json)} as JSON: send it in parts`,
    );
  }
  return unpackBody(body);
}

/**
 * Read a body that came as JSON text.
 * @throws ProtocolError `bad-body`
 */
export function parseBody(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new ProtocolError("bad-body", `expected JSON, got ${quote(text)}`, { cause });
  }
}

function deeperThan(body: Json, levels: number): boolean {
  if (typeof body !== "object" || body === null) return false;
  return levels === 0 || Object.values(body).some((value: Json) => deeperThan(value, levels - 1));
}

// 1e999 is read as Infinity, and written as null.
function isFinite(body: Json, levels: number): boolean {
  if (typeof body === "number") return Number.isFinite(body);
  if (typeof body !== "object" || body === null || levels < 0) return true;
  return Object.values(body).every((value: Json) => isFinite(value, levels - 1));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new ProtocolError(
      "bad-frame",
      `expected a frame as one line of JSON, got ${quote(line)}`,
      { cause },
    );
  }
}

function kindOf(value: unknown, line: string): string {
  const kind =
    typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  if (typeof kind === "string") return kind;
  throw new ProtocolError("bad-frame", `expected an object with a kind, got ${quote(line)}`);
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  kind: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ProtocolError(
    "bad-frame",
    `bad ${kind} frame: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`,
  );
}

// Events are the hot path: checked by hand, which costs a fraction of a schema's run.
function parseEvent(value: readonly unknown[], line: string): EventFrame {
  const [n, offset, at, body, from = "", superseded = 0] = value;
  if (
    value.length < 4 ||
    !isCount(n) ||
    !isCount(offset) ||
    typeof at !== "number" ||
    typeof from !== "string" ||
    !isCount(superseded)
  ) {
    throw new ProtocolError(
      "bad-frame",
      `expected an event [n, offset, at, body, from, superseded], got ${quote(line)}`,
    );
  }
  return { kind: "event", n, offset, at, body: unpackBody(body as Json), from, superseded };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
