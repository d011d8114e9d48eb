import type { Dispatcher } from "undici";
import { encodeCursor } from "../../../protocol/cursor.ts";
import {
  type ClientFrame,
  encodeClientFrame,
  type ErrorFrame,
  type ServerFrame,
} from "../../../protocol/frames.ts";
import { encode, formatLinkName, type Hello, helloQuery } from "../../../protocol/hello.ts";
import { parseServerFrames } from "../../../protocol/parse.ts";
import { LinkError, type LinkRequest, type TransportName } from "../../transport.ts";
import { within } from "./deadline.ts";
import { linkErrorOf, refusedBy } from "./ending.ts";

/** An answer larger than this isn't one of ours, in bytes. */
const ANSWER_BYTES = 16 * 1024 * 1024;
/** An answer that isn't held must come within this, in ms, or sooner where two heartbeats are sooner. */
const ANSWER_MS = 20_000;

/** The path and headers that open a link. */
export function openingOf(
  transport: TransportName,
  hello: Hello,
): { path: string; headers: Record<string, string> } {
  return { path: `/v1/${transport}?${helloQuery(hello)}`, headers: authorization(hello) };
}

/**
 * GET what a poll answers.
 * @param more of the query, beside the hello
 * @throws LinkError
 */
export async function poll(
  transport: "polling" | "long-polling",
  { wire, hello }: LinkRequest,
  signal: AbortSignal,
  more = "",
): Promise<ServerFrame[]> {
  try {
    const asked = hello();
    const { path, headers } = openingOf(transport, asked);
    const response = await wire.pool.request({
      method: "GET",
      path: path + more,
      headers,
      signal,
    });
    const frames = await readFrames(response);
    // 204: nothing has come since the cursor that was asked with, so that is where the answer stands.
    if (response.statusCode === 204)
      frames.push({ kind: "synced", cursor: encodeCursor(asked.topics) });
    return frames;
  } catch (error) {
    throw linkErrorOf(error);
  }
}

/**
 * Send frames beside a link that can't carry them itself. Publishes go in one request.
 * @returns what the server answered: acks, nacks, its clock
 * @throws LinkError
 */
export async function post(
  link: LinkRequest,
  frames: readonly ClientFrame[],
  signal: AbortSignal,
): Promise<ServerFrame[]> {
  const { wire } = link;
  const said = link.hello();
  const name = said.link ? `link=${formatLinkName(said.link)}` : "";
  const answers: ServerFrame[] = [];
  const request = async (path: string, body?: string) => {
    using deadline = within(Math.min(ANSWER_MS, link.silenceMs ?? ANSWER_MS), signal);
    const response = await wire.pool.request({
      method: "POST",
      path,
      headers: { ...authorization(said), "content-type": "application/x-ndjson" },
      body: body ?? null,
      signal: deadline.signal,
    });
    answers.push(...(await readFrames(response)));
  };
  try {
    const publishes = frames.filter(({ kind }) => kind === "publish");
    if (publishes.length > 0) {
      const nick = said.nick === undefined ? "" : `&nick=${encode(said.nick)}`;
      await request(`/v1/publish?${name}${nick}`, publishes.map(encodeClientFrame).join("\n"));
    }
    for (const frame of frames) {
      if (frame.kind === "ping") await request(`/v1/ping?${name}&id=${frame.id}`);
      if (frame.kind === "bye") await request(`/v1/bye?${name}`);
    }
    return answers;
  } catch (error) {
    throw linkErrorOf(error);
  }
}

/**
 * Make sure that an answer is one of a backchat server's, and a good one.
 * @throws LinkError `refused` with the server's error, `blocked` for anybody else's answer
 */
export async function requireOurs(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  type: string,
): Promise<void> {
  const contentType = String(headers["content-type"] ?? "");
  if (statusCode === 200 && contentType.startsWith(type)) return;
  const error = contentType.startsWith("application/json")
    ? errorIn(await readText(body))
    : undefined;
  if (!error) drop(body);
  throw error ? refusedBy(error) : notOurs(statusCode, contentType);
}

/** Somebody else answered. */
export function notOurs(status: number, contentType: string): LinkError {
  const what = contentType === "" ? "" : ` (${contentType})`;
  return new LinkError(
    "blocked",
    `expected an answer of a backchat server, got status ${status}${what}`,
  );
}

/** The error frame that a text is; undefined: none. */
export function errorIn(text: string): ErrorFrame | undefined {
  try {
    return parseServerFrames(text).find((frame) => frame.kind === "error");
  } catch {
    // Not ours, then: whoever asks says so.
    return undefined;
  }
}

async function readFrames({
  statusCode,
  headers,
  body,
}: Dispatcher.ResponseData): Promise<ServerFrame[]> {
  if (statusCode === 204) {
    await body.dump();
    return [];
  }
  const contentType = String(headers["content-type"] ?? "");
  if (
    !contentType.startsWith("application/x-ndjson") &&
    !contentType.startsWith("application/json")
  ) {
    drop(body);
    throw notOurs(statusCode, contentType);
  }
  const text = await readText(body);
  if (statusCode === 200) return parseServerFrames(text);
  const error = errorIn(text);
  if (error) throw refusedBy(error);
  // A refused publish has an error's status and a nack as its body.
  if (contentType.startsWith("application/x-ndjson")) return parseServerFrames(text);
  throw notOurs(statusCode, contentType);
}

// Its length may not be told: proxies re-chunk answers.
async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES)
      throw new LinkError("broken", `expected an answer within ${ANSWER_BYTES} bytes, got more`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

// Not read to its end: it may have none.
function drop(body: Dispatcher.ResponseData["body"]): void {
  body.on("error", () => {}).destroy();
}

function authorization({ identity }: Hello): Record<string, string> {
  return identity === undefined ? {} : { authorization: `Bearer ${identity}` };
}
