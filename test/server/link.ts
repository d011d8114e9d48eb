import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createParser } from "eventsource-parser";
import { WebSocket } from "ws";
import type { Body, ServerFrame, TopicFrame } from "../../src/protocol/frames.ts";
import { parseServerFrame } from "../../src/protocol/parse.ts";

/** An event with what its topic's frame says about it. */
export interface Heard {
  readonly topic: string;
  readonly offset: number;
  readonly superseded: number;
  readonly body: Body;
  readonly from: string;
  readonly at: number;
  /** The SSE event's `id:`. */
  readonly id: string | undefined;
}

type FrameOf<Kind, Frame = ServerFrame> = Frame extends { kind: infer Kinds }
  ? Kind extends Kinds
    ? Frame
    : never
  : never;

/** How long a test waits for what has to come, in ms. */
const PATIENCE_MS = 10_000;

interface Wire {
  close(): void;
  pause(): void;
  resume(): void;
  send(text: string): void;
}

/** One stream link as a plain client sees it. Fails at once where a topic's events don't join. */
export class EventStream {
  readonly events: Heard[] = [];
  readonly frames: ServerFrame[] = [];
  /** The order in which lines came, as they were. */
  readonly lines: string[] = [];
  /** Close code, once it is closed; 0 where there is none. */
  closed: number | undefined;
  readonly #topics = new Map<number, TopicFrame>();
  readonly #last = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #wire: Wire;
  fault: Error | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  close(): void {
    this.#wire.close();
  }

  /** Leave what comes in the socket, as a client that has stopped. */
  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  /** Send frames, one message. */
  send(...frames: readonly (object | string)[]): void {
    this.#wire.send(frames.map((f) => (typeof f === "string" ? f : JSON.stringify(f))).join("\n"));
  }

  /** The first frame of a kind, there already or to come. */
  async frame<Kind extends ServerFrame["kind"]>(
    kind: Kind,
    where: (frame: FrameOf<Kind>) => boolean = () => true,
  ): Promise<FrameOf<Kind>> {
    const isIt = (frame: ServerFrame): frame is FrameOf<Kind> =>
      frame.kind === kind && where(frame as FrameOf<Kind>);
    await this.until(() => this.frames.some(isIt), `a frame ${kind}`);
    return this.frames.find(isIt)!;
  }

  /** All events of a topic once there are `count` of them. */
  async heard(topic: string, count: number): Promise<Heard[]> {
    const those = () => this.events.filter((event) => event.topic === topic);
    await this.until(() => those().length >= count, `${count} events of ${topic}`);
    return those();
  }

  /** Resolves as soon as the condition holds, which is looked at whenever something came. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new Error(`waited for ${what}; got ${this.lines.slice(-5).join("\n")}`));
    }, PATIENCE_MS);
    const look = () => {
      if (this.fault) reject(this.fault);
      else if (condition()) resolve();
    };
    this.#waiting.add(look);
    look();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  async end(): Promise<number> {
    await this.until(() => this.closed !== undefined, "the end of the link");
    return this.closed!;
  }

  hear(line: string, id?: string): void {
    this.lines.push(line);
    try {
      this.#take(parseServerFrame(line), id);
    } catch (error) {
      this.fault = error as Error;
    }
    for (const look of this.#waiting) look();
  }

  ended(code: number): void {
    this.closed ??= code;
    for (const look of this.#waiting) look();
  }

  #take(frame: ServerFrame | undefined, id: string | undefined): void {
    if (!frame) throw new Error("a frame of an unknown kind");
    this.frames.push(frame);
    if (frame.kind === "topic") {
      const last = this.#last.get(frame.topic);
      if (last !== undefined && last !== frame.after && !frame.gap) {
        throw new Error(`${frame.topic} goes on after ${frame.after}, expected ${last}`);
      }
      this.#topics.set(frame.n, frame);
      this.#last.set(frame.topic, frame.after);
    }
    if (frame.kind !== "event") return;
    const { n, offset, superseded, body, at, from } = frame;
    const topic = this.#topics.get(n);
    if (!topic) throw new Error(`an event of topic ${n}, which was not introduced`);
    const last = this.#last.get(topic.topic)!;
    if (offset !== last + superseded + 1) {
      throw new Error(`${topic.topic}: ${offset} (${superseded} superseded) after ${last}`);
    }
    this.#last.set(topic.topic, offset);
    const sender = from === "" ? (topic.from ?? "") : from;
    this.events.push({
      topic: topic.topic,
      offset,
      superseded,
      body,
      from: sender,
      at: topic.base + at,
      id,
    });
  }
}

/** @throws Error `status 409: …` when the server refuses it */
export async function openSse(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventStream> {
  const request = get(url, { headers, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.setEncoding("utf8");
  if (response.statusCode !== 200) {
    const [text] = (await once(response, "data")) as [string];
    throw new Error(`status ${response.statusCode}: ${text}`);
  }
  const stream = new EventStream({
    close: () => request.destroy(),
    pause: () => response.pause(),
    resume: () => response.resume(),
    send() {
      throw new Error("nothing can be sent over SSE");
    },
  });
  const parser = createParser({ onEvent: ({ data, id }) => stream.hear(data, id) });
  response.on("data", (text: string) => parser.feed(text));
  response.on("close", () => stream.ended(0));
  response.on("error", () => stream.ended(0));
  request.on("error", () => stream.ended(0));
  return stream;
}

/** @throws Error `status 409: …` when the server refuses it */
export async function openWebSocket(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventStream> {
  const websocket = new WebSocket(url, { headers });
  const stream = new EventStream({
    close: () => websocket.terminate(),
    pause: () => websocket.pause(),
    resume: () => websocket.resume(),
    send: (text) => websocket.send(text),
  });
  websocket.on("message", (data) => {
    for (const line of (data as Buffer).toString().split("\n")) stream.hear(line);
  });
  websocket.on("close", (code) => stream.ended(code));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  websocket.on("open", () => resolve());
  websocket.on("error", reject);
  websocket.on("unexpected-response", (request, response: IncomingMessage) => {
    response.setEncoding("utf8");
    response.once("data", (text: string) => {
      reject(new Error(`status ${response.statusCode}: ${text}`));
      request.destroy();
    });
  });
  await promise;
  return stream;
}
