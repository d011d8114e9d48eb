import { isUtf8 } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ERRORS, ProtocolError } from "../../protocol/errors.ts";
import {
  type Ack,
  encodeServerFrame,
  type Json,
  type Nack,
  type Publish,
} from "../../protocol/frames.ts";
import { randomId } from "../../protocol/id.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { parseTopic } from "../../protocol/names.ts";
import { checkBody, parseBody, parseClientFrame } from "../../protocol/parse.ts";
import { sendLines, wholeNumber } from "./router.ts";

/** Publish what a request's body holds and answer with an ack or nack for each. @throws ProtocolError */
export async function answerPublish(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  publish: (frames: readonly Publish[]) => Promise<readonly (Ack | Nack)[]>,
): Promise<void> {
  const body = await readBody(request);
  const type = (request.headers["content-type"] ?? "").toLowerCase();
  const frames = type.startsWith("application/x-ndjson")
    ? readFrames(body)
    : [readText(body, type.startsWith("application/json"), url)];
  const answers = await publish(frames);
  // One publish alone is answered with its own status, so that `curl -f` tells.
  const [only] = answers;
  const status = answers.length === 1 && only?.kind === "nack" ? ERRORS[only.code].status : 200;
  sendLines(response, answers.map(encodeServerFrame), status);
}

function readFrames(body: string): Publish[] {
  const lines = body.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0 || lines.length > LIMITS.publishesPerPost) {
    throw new ProtocolError(
      "bad-request",
      `expected 1 to ${LIMITS.publishesPerPost} publish frames, one a line, got ${lines.length}`,
    );
  }
  return lines.map(readFrame);
}

function readFrame(line: string): Publish {
  const frame = parseClientFrame(line);
  if (frame.kind === "publish") return frame;
  throw new ProtocolError("bad-frame", `expected publish frames, got a ${frame.kind}`);
}

function readText(text: string, isJson: boolean, url: URL): Publish {
  const topic = parseTopic(url.searchParams.get("topic") ?? "");
  const producer = url.searchParams.get("producer");
  const number = wholeNumber(url, "number");
  // With one of the two alone, the next publish would be taken for a retry of this one, or for one out of order.
  if ((producer === null) !== (number === undefined)) {
    throw new ProtocolError("bad-request", "expected both producer and number, or none of them");
  }
  const said: Json = isJson ? parseBody(text) : text;
  if (said === "") {
    throw new ProtocolError("bad-body", "expected a message as the request's body, got nothing");
  }
  const publish = {
    kind: "publish",
    producer: producer ?? randomId(8),
    number: number ?? 1,
    topic,
    body: checkBody(said),
  };
  // Through the same checks as a frame that came as such.
  return readFrame(JSON.stringify(publish));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= LIMITS.messageBytes) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    reject(
      new ProtocolError(
        "frame-too-large",
        `a request's body has at most ${LIMITS.messageBytes} bytes`,
      ),
    );
  });
  request.on("end", () => resolve(Buffer.concat(chunks)));
  // Also when the client goes away in the middle: that is no fault of ours.
  const cut = (cause?: Error) => {
    reject(new ProtocolError("bad-request", "the request ended before its body did", { cause }));
  };
  request.on("error", cut);
  request.on("close", () => cut());
  const body = await promise;
  if (!isUtf8(body)) throw new ProtocolError("bad-request", "expected a body of UTF-8");
  return body.toString();
}
