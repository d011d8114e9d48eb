// A fresh server for each test, and readers that speak the protocol by hand.
import { Writable } from "node:stream";
import { pino } from "pino";
import { Agent, type Dispatcher, request } from "undici";
import { SERVER_TRANSPORTS } from "../../src/commands/transports.ts";
import type { Ack, ErrorFrame, Nack, ServerFrame } from "../../src/protocol/frames.ts";
import { parseServerFrame, parseServerFrames } from "../../src/protocol/parse.ts";
import { type ServerOptions, startServer } from "../../src/server/server.ts";
import { type EventStream, openSse, openWebSocket } from "./link.ts";

/** What came back over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly text: string;
  /** The body's frames, where it has any. */
  readonly frames: readonly ServerFrame[];
}

export type Headers = Readonly<Record<string, string>>;

/** A server on a free port. Disposing it stops it, and fails if it had a fault that no test asked for. */
export class TestServer implements AsyncDisposable {
  readonly url: string;
  /** What the server reported as its own faults. Empty it where they were wanted. */
  readonly faults: string[];
  readonly #stop: () => Promise<void>;
  readonly #agent = new Agent();
  readonly #links: EventStream[] = [];

  constructor(url: string, faults: string[], stop: () => Promise<void>) {
    this.url = url;
    this.faults = faults;
    this.#stop = stop;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get(path: string, headers: Headers = {}): Promise<Answer> {
    return this.ask("GET", path, undefined, headers);
  }

  post(path: string, body = "", headers: Headers = {}): Promise<Answer> {
    return this.ask("POST", path, body, headers);
  }

  async ask(
    method: Dispatcher.HttpMethod,
    path: string,
    body: string | Buffer | undefined,
    headers: Headers = {},
  ): Promise<Answer> {
    const response = await request(`${this.url}${path}`, {
      method,
      body: body ?? null,
      headers,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, frames: framesOf(text) };
  }

  /** Publish texts in order, in one request, from a producer of their own. */
  async say(topic: string, texts: readonly unknown[], producer = newProducer()) {
    const answers: (Ack | Nack)[] = [];
    for (let start = 0; start < texts.length; start += 256) {
      const lines = texts.slice(start, start + 256).map((body, index) => {
        return publishFrame(topic, body, producer, start + index + 1);
      });
      const { frames } = await this.post("/v1/publish", lines.join("\n"), NDJSON);
      answers.push(...(frames as (Ack | Nack)[]));
    }
    return answers;
  }

  async sse(query: string, headers: Headers = {}): Promise<EventStream> {
    return this.#track(await openSse(`${this.url}/v1/sse?${query}`, headers));
  }

  async websocket(query: string, headers: Headers = {}): Promise<EventStream> {
    const url = `${this.url.replace("http", "ws")}/v1/websocket?${query}`;
    return this.#track(await openWebSocket(url, headers));
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links) link.close();
    await this.#agent.destroy();
    await this.#stop();
    if (this.faults.length > 0) throw new Error(`the server had faults: ${this.faults.join("\n")}`);
  }

  #track(link: EventStream): EventStream {
    this.#links.push(link);
    return link;
  }
}

export async function start(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const faults: string[] = [];
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      faults.push(line.toString());
      done();
    },
  });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    database: undefined,
    retain: 10_000,
    transports: SERVER_TRANSPORTS,
    feed: undefined,
    log: pino({ level: "error" }, stream),
    version: "0.0.0",
    ...options,
  });
  return new TestServer(server.url, faults, () => server.stop());
}

export const NDJSON = { "content-type": "application/x-ndjson" };
export const JSON_TYPE = { "content-type": "application/json" };

/** An identity, by its name. */
export function bearer(name: string): Headers {
  return { authorization: `Bearer ${name.padEnd(16, "x")}` };
}

let producers = 0;

export function newProducer(): string {
  return `producer-${++producers}`;
}

export function publishFrame(topic: string, body: unknown, producer: string, number: number) {
  return JSON.stringify({ kind: "publish", producer, number, topic, body });
}

/** `first 1`, `first 2` … */
export function texts(count: number, prefix = "text"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index + 1}`);
}

/** The error that an answer is. */
export function errorOf({ text }: Answer): ErrorFrame {
  return parseServerFrame(text) as ErrorFrame;
}

/** The cursor that an answer ends with. */
export function cursorOf({ frames }: Answer): string {
  const last = frames.at(-1);
  if (last?.kind === "synced" || last?.kind === "more") return last.cursor;
  throw new Error("the answer ends with no cursor");
}

function framesOf(text: string): ServerFrame[] {
  try {
    return parseServerFrames(text);
  } catch {
    // Not frames: a test that wants some will say so.
    return [];
  }
}
