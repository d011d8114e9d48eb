import { z } from "zod";
import { isErrorCode, ProtocolError } from "../protocol/errors.ts";
import type { Body, ServerFrame, TopicFrame } from "../protocol/frames.ts";
import { encode } from "../protocol/hello.ts";
import { parseServerFrame, parseServerFrames } from "../protocol/parse.ts";
import { LinkError, type Wire } from "../transports/transport.ts";
import type { TopicEvent } from "./events.ts";

/** A room, as the server lists it. */
export interface RoomInfo {
  /** `room:lobby` */
  readonly topic: string;
  /** The topic line; empty: none. */
  readonly line: string;
  /** Events so far. */
  readonly head: number;
  /** Time of the newest event, ms since 1970; 0: none. */
  readonly at: number;
  /** Nicks of who is there. */
  readonly present: readonly string[];
}

/** A page of a room's past, oldest first. */
export interface HistoryPage {
  readonly events: readonly TopicEvent[];
  /** Whether there is anything before the first of them. */
  readonly more: boolean;
}

/** How long an answer may take, in ms. */
const ANSWER_MS = 10_000;
/** Requests at once: the links need connections of the same pool. So many more wait for their turn; beyond that they fail. */
const AT_ONCE = 3;
const WAITING = 1_000;
/** An answer larger than this isn't one of ours, in bytes. */
const ANSWER_BYTES = 16 * 1024 * 1024;

const roomsAnswer = z.object({
  rooms: z.array(
    z.object({
      topic: z.string(),
      line: z.string(),
      head: z.number(),
      at: z.number(),
      present: z.array(z.string()),
    }),
  ),
});
const nickAnswer = z.object({ nick: z.string() });
const healthAnswer = z.object({ backchat: z.string(), status: z.string() });

/** What can be asked of a server beside the links: one request, one answer. Each throws ProtocolError or LinkError. */
export class ServerApi {
  readonly #wire: Wire;
  readonly #identity: string | undefined;
  #running = 0;
  /** Those that wait for their turn, the first to come first. */
  readonly #waiting = new Set<() => void>();

  constructor(wire: Wire, identity?: string) {
    this.#wire = wire;
    this.#identity = identity;
  }

  /** All rooms, most recently used first. */
  async rooms(): Promise<readonly RoomInfo[]> {
    return read(roomsAnswer, await this.#ask("GET", "/v1/rooms")).rooms;
  }

  /**
   * A page of a room's past that ends right before an offset.
   * @param before undefined: the newest page
   * @param limit at most 200
   */
  async history(topic: string, before?: number, limit = 100): Promise<HistoryPage> {
    const end = before === undefined ? "" : `&before=${before}`;
    const frames = readFrames(
      await this.#ask("GET", `/v1/history?topic=${encode(topic)}&limit=${limit}${end}`),
    );
    let introduction: TopicFrame | undefined;
    const events: TopicEvent[] = [];
    let more = false;
    for (const frame of frames) {
      if (frame.kind === "topic") introduction = frame;
      if (frame.kind === "page") ({ more } = frame);
      if (frame.kind !== "event" || !introduction) continue;
      const { offset, from, superseded } = frame;
      const body: Body = frame.body;
      const at = introduction.base + frame.at;
      events.push({
        kind: "event",
        topic,
        offset,
        epoch: introduction.epoch,
        at,
        from,
        body,
        superseded,
      });
    }
    return { events, more };
  }

  /**
   * Lease a nick before using it. A taken one is refused with ProtocolError `nick-taken`, whose `suggestion` is free.
   * @param alone also refuse it if another session of this identity is using it
   */
  async claimNick(nick: string, alone: boolean): Promise<string> {
    const answer = await this.#ask(
      "POST",
      `/v1/nick?nick=${encode(nick)}${alone ? "&alone=1" : ""}`,
    );
    return read(nickAnswer, answer).nick;
  }

  /** Whether a backchat server answers, in good health or not. Throws LinkError if none does. */
  async health(): Promise<{ readonly version: string }> {
    const { status, text } = await this.#request("GET", "/healthz");
    if (status !== 200 && status !== 503) throw statusError(status);
    return { version: read(healthAnswer, text).backchat };
  }

  async #ask(method: "GET" | "POST", path: string): Promise<string> {
    const { status, text } = await this.#request(method, path);
    if (status === 200) return text;
    throw errorOf(text) ?? statusError(status);
  }

  async #request(method: "GET" | "POST", path: string): Promise<{ status: number; text: string }> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    try {
      using _turn = await this.#turn(signal);
      const response = await this.#wire.pool.request({
        method,
        path,
        headers: this.#identity === undefined ? {} : { authorization: `Bearer ${this.#identity}` },
        signal,
      });
      return { status: response.statusCode, text: await readText(response.body) };
    } catch (cause) {
      if (cause instanceof LinkError) throw cause;
      throw new LinkError("unreachable", `no answer from ${this.#wire.origin.host}`, { cause });
    }
  }

  async #turn(signal: AbortSignal): Promise<Disposable> {
    if (this.#running < AT_ONCE) this.#running += 1;
    else await this.#handedOver(signal);
    return {
      [Symbol.dispose]: () => {
        const [next] = this.#waiting;
        if (next) next();
        else this.#running -= 1;
      },
    };
  }

  // Whoever is done hands the turn over to the first that waits.
  async #handedOver(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= WAITING) throw new Error(`${WAITING} requests wait already`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const take = () => {
      this.#waiting.delete(take);
      signal.removeEventListener("abort", giveUp);
      resolve();
    };
    const giveUp = () => {
      this.#waiting.delete(take);
      reject(signal.reason as Error);
    };
    this.#waiting.add(take);
    signal.addEventListener("abort", giveUp, { once: true });
    await promise;
  }
}

function statusError(status: number): LinkError {
  return new LinkError("blocked", `expected an answer of a backchat server, got status ${status}`);
}

function errorOf(text: string): ProtocolError | undefined {
  try {
    const frame = parseServerFrame(text);
    if (frame?.kind !== "error" || !isErrorCode(frame.code)) return undefined;
    return new ProtocolError(frame.code, frame.message, {
      suggestion: frame.suggestion,
      after: frame.after,
    });
  } catch {
    // Not an error of ours: the caller says what came instead.
    return undefined;
  }
}

function read<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw notOurs(cause);
  }
}

function readFrames(text: string): ServerFrame[] {
  try {
    return parseServerFrames(text);
  } catch (cause) {
    throw notOurs(cause);
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES) throw notOurs();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function notOurs(cause?: unknown): LinkError {
  return new LinkError("blocked", "expected an answer of a backchat server, got something else", {
    cause,
  });
}
