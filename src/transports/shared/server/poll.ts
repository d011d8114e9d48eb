import type { IncomingMessage, ServerResponse } from "node:http";
import { ERRORS, isErrorCode } from "../../../protocol/errors.ts";
import type { ErrorFrame } from "../../../protocol/frames.ts";
import { parseHello } from "../../../protocol/hello.ts";
import { LIMITS } from "../../../protocol/limits.ts";
import type { Chunk, ServerHub, ServerReader, Sink } from "../../transport.ts";

/** How long to wait for an event once all that was there has been read, in ms; 0: not at all. */
export type HoldMs = number;

/**
 * Answer a request with what a reader finds: all up to `synced`, or, if that is nothing and `hold` allows, the first that comes
 * after it. 204 when there is nothing to tell.
 */
export function answerPoll(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  hub: ServerHub,
  hold: HoldMs,
): void {
  const hello = parseHello(url.searchParams, {
    authorization: request.headers.authorization,
    lastEventId: header(request, "last-event-id"),
  });
  const sink = new PollSink(response, hold);
  const reader = hub.open(hello, sink, "poll");
  sink.begin(reader);
  response.once("close", () => sink.gone());
}

/** `filling`: the replay goes on · `holding`: synced, waiting for news · `done`: answered */
type State = "filling" | "holding" | "done";

class PollSink implements Sink {
  readonly #response: ServerResponse;
  readonly #hold: HoldMs;
  readonly #lines: string[] = [];
  #state: State = "filling";
  #reader: ServerReader | undefined;
  #events = 0;
  #characters = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, hold: HoldMs) {
    this.#response = response;
    this.#hold = hold;
  }

  begin(reader: ServerReader): void {
    this.#reader = reader;
    reader.heard();
  }

  get full(): boolean {
    return (
      this.#state === "done" ||
      this.#events >= LIMITS.pageEvents ||
      this.#characters >= LIMITS.pageBytes
    );
  }

  write({ lines, offsets }: Chunk): void {
    if (this.#state === "done") return;
    this.#lines.push(...lines);
    this.#events += offsets?.length ?? 0;
    for (const line of lines) this.#characters += line.length;
    if (this.#state === "holding") {
      // All that is published in this turn goes into one answer.
      clearTimeout(this.#timer);
      this.#timer = undefined;
      setImmediate(() => this.#answer("synced"));
    } else if (this.full) {
      setImmediate(() => this.#answer("more"));
    }
  }

  synced(): void {
    // The reader has written `synced`; an answer ends with one that is made last, so that it is true then.
    this.#lines.pop();
    if (this.#lines.length > 0 || this.#hold === 0) {
      this.#answer("synced");
      return;
    }
    this.#state = "holding";
    this.#timer = setTimeout(() => this.#answer("synced"), this.#hold);
  }

  end(error?: ErrorFrame): void {
    if (this.#state === "done") return;
    const failed = this.#state === "filling" && error !== undefined && error.code !== "draining";
    // What was read before it failed is of use; the next poll, which asks for what comes then, is answered with the error.
    if (failed && this.#events > 0) return this.#answer("more");
    // Whatever was to be told has been written (a drain frame); without it the error is the answer.
    if (!failed && (this.#lines.length > 0 || !error)) {
      // Before the replay is done there is no place to read on from: whoever asks again asks for the same.
      return this.#answer(this.#state === "holding" ? "synced" : undefined);
    }
    this.#state = "done";
    clearTimeout(this.#timer);
    const status = isErrorCode(error.code) ? ERRORS[error.code].status : 500;
    this.#response.writeHead(status, {
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    this.#response.end(`${JSON.stringify(error)}\n`);
  }

  gone(): void {
    this.#state = "done";
    clearTimeout(this.#timer);
    this.#reader?.close();
  }

  #answer(last: "synced" | "more" | undefined): void {
    if (this.#state === "done") return;
    this.#state = "done";
    clearTimeout(this.#timer);
    if (this.#lines.length === 0) {
      this.#response.writeHead(204, { "cache-control": "no-store" });
      this.#response.end();
    } else {
      if (last) this.#lines.push(JSON.stringify({ kind: last, cursor: this.#reader!.cursor() }));
      const body = Buffer.from(`${this.#lines.join("\n")}\n`);
      this.#response.writeHead(200, {
        "content-type": "application/x-ndjson",
        "cache-control": "no-store",
        "content-length": body.length,
      });
      this.#response.end(body);
    }
    this.#reader?.close();
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
