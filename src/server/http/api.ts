import type { IncomingMessage, ServerResponse } from "node:http";
import { ERRORS, ProtocolError } from "../../protocol/errors.ts";
import {
  type Ack,
  encodeServerFrame,
  type Json,
  type Nack,
  type Publish,
  type TopicFrame,
} from "../../protocol/frames.ts";
import { randomId } from "../../protocol/id.ts";
import { parseIdentity, parseLinkName } from "../../protocol/hello.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { familyOf, parseNick, parseTopic, quote, whoOf } from "../../protocol/names.ts";
import { checkBody, parseBody, parseClientFrame } from "../../protocol/parse.ts";
import type { Hub } from "../hub.ts";
import { LogTopic } from "../log-topic.ts";
import type { Store } from "../store/store.ts";
import { type Router, sendJson, sendLines } from "./router.ts";

const ROOMS = 1_000;

/** Everything over HTTP that isn't a transport: PROTOCOL.md, section 4. */
export function mountApi(router: Router, hub: Hub, store: Store, version: string): void {
  router.post("/v1/publish", async (request, response, url) => {
    const { query, nick, identity } = identify(request, url);
    if (nick !== undefined) hub.nicks.claim(nick, identity);
    const frames = readPublishes(
      await readBody(request),
      request.headers["content-type"] ?? "",
      query,
    );
    const link = query.get("link");
    if (link !== null) hub.presence.renew(parseLinkName(link).session);
    const answers = await hub.publish(frames, { nick, identity });
    sendAnswers(response, answers);
  });

  router.post("/v1/ping", (request, response, url) => {
    request.resume();
    const id = Number(url.searchParams.get("id") ?? "0");
    if (!Number.isSafeInteger(id) || id < 0)
      throw new ProtocolError("bad-request", "expected id to be a whole number");
    sendJson(response, { kind: "clock", id, time: hub.ping(linkOf(url), id).time });
  });

  router.post("/v1/bye", (request, response, url) => {
    request.resume();
    hub.bye(linkOf(url).session);
    response.writeHead(204).end();
  });

  router.post("/v1/nick", (request, response, url) => {
    request.resume();
    const { query, nick, identity } = identify(request, url);
    if (nick === undefined)
      throw new ProtocolError("bad-nick", "expected a nick, such as ?nick=alice, got none");
    if (query.get("alone") === "1") hub.requireUnused(nick);
    hub.nicks.claim(nick, identity);
    sendJson(response, { nick });
  });

  router.get("/v1/history", async (request, response, url) => {
    request.resume();
    const name = parseTopic(url.searchParams.get("topic") ?? "");
    if (familyOf(name) !== "room")
      throw new ProtocolError("bad-topic", `only rooms have a history, ${quote(name)} is none`);
    const limit = Math.max(1, Math.min(whole(url, "limit", 50), LIMITS.historyEvents));
    const topic = (await hub.topics.get(name)) as LogTopic;
    const { after, lines, more } = await topic.history(whole(url, "before", topic.head + 1), limit);
    const introduction: TopicFrame = topic.introduce({ offset: after, gap: undefined });
    sendLines(response, [
      encodeServerFrame(introduction),
      ...lines.map(({ json }) => json),
      encodeServerFrame({ kind: "page", more }),
    ]);
  });

  router.get("/v1/rooms", async (request, response) => {
    request.resume();
    const stored = await store.topics(ROOMS);
    const known = new Set(stored.map(({ topic }) => topic));
    const empty = hub.presence.rooms().filter((room) => !known.has(room));
    const rooms = [
      ...empty.map((topic) => ({ topic, line: "", head: 0, at: 0 })),
      ...stored.map(({ topic, line, head, at }) => ({ topic, line, head, at })),
    ].slice(0, ROOMS);
    sendJson(response, {
      rooms: rooms.map((room) => ({ ...room, present: hub.presence.in(room.topic) })),
    });
  });

  router.get("/healthz", (request, response) => {
    request.resume();
    const status = hub.draining ? "draining" : "ok";
    const health = {
      status,
      backchat: version,
      server: hub.server,
      links: hub.links,
      topics: hub.topics.size,
    };
    sendJson(response, health, hub.draining ? 503 : 200);
  });
}

function identify(request: IncomingMessage, url: URL) {
  const query = url.searchParams;
  const nick = query.get("nick");
  return {
    query,
    nick: nick === null ? undefined : parseNick(nick),
    identity: parseIdentity(request.headers.authorization),
  };
}

function linkOf(url: URL) {
  return parseLinkName(url.searchParams.get("link") ?? "");
}

function whole(url: URL, name: string, fallback: number): number {
  const text = url.searchParams.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new ProtocolError(
    "bad-request",
    `expected ${name} to be a whole number, got ${quote(text)}`,
  );
}

function readPublishes(body: string, contentType: string, query: URLSearchParams): Publish[] {
  if (contentType.startsWith("application/x-ndjson")) {
    const lines = body.split("\n").filter((line) => line !== "");
    if (lines.length === 0 || lines.length > LIMITS.publishesPerPost) {
      throw new ProtocolError(
        "bad-request",
        `expected 1 to ${LIMITS.publishesPerPost} publish frames, one a line, got ${lines.length}`,
      );
    }
    return lines.map((line) => {
      const frame = parseClientFrame(line);
      if (frame.kind === "publish") return frame;
      throw new ProtocolError("bad-frame", `expected publish frames, got a ${frame.kind}`);
    });
  }
  const producer = query.get("producer") ?? randomId(8);
  const number = Number(query.get("number") ?? "1");
  const topic = parseTopic(query.get("topic") ?? "");
  const said: Json = contentType.startsWith("application/json") ? parseBody(body) : body;
  if (said === "")
    throw new ProtocolError("bad-body", "expected a message as the request's body, got nothing");
  // Through the same checks as a frame that came as such.
  const frame = parseClientFrame(
    JSON.stringify({ kind: "publish", producer, number, topic, body: checkBody(said) }),
  );
  return frame.kind === "publish" ? [frame] : [];
}

function readBody(request: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= LIMITS.messageBytes) chunks.push(chunk);
    else
      reject(
        new ProtocolError(
          "frame-too-large",
          `a request's body has at most ${LIMITS.messageBytes} bytes`,
        ),
      );
  });
  request.on("end", () => resolve(Buffer.concat(chunks).toString()));
  request.on("error", reject);
  request.on("close", () =>
    reject(new ProtocolError("bad-request", "the request ended before its body did")),
  );
  return promise;
}

// One publish alone is answered with its own status, so that `curl -f` tells.
function sendAnswers(response: ServerResponse, answers: readonly (Ack | Nack)[]): void {
  const [only] = answers;
  const status = answers.length === 1 && only?.kind === "nack" ? ERRORS[only.code].status : 200;
  sendLines(response, answers.map(encodeServerFrame), status);
}
