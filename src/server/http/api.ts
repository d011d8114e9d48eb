import { ProtocolError } from "../../protocol/errors.ts";
import { encodeServerFrame } from "../../protocol/frames.ts";
import { parseIdentity, parseLinkName } from "../../protocol/hello.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { familyOf, parseNick, parseTopic, quote } from "../../protocol/names.ts";
import type { IncomingMessage } from "node:http";
import type { Hub } from "../hub.ts";
import type { LogTopic } from "../log-topic.ts";
import { StoreCheck } from "../store-check.ts";
import type { Store } from "../store/store.ts";
import { answerPublish } from "./publish.ts";
import { type Router, sendJson, sendLines, wholeNumber } from "./router.ts";

const ROOMS = 1_000;
const HISTORY_EVENTS = 50;

/** Everything over HTTP that isn't a transport: PROTOCOL.md, section 4. */
export function mountApi(router: Router, hub: Hub, store: Store, version: string): void {
  router.post("/v1/publish", async (request, response, url) => {
    const { nick, identity } = identify(request, url);
    if (nick !== undefined) hub.nicks.claim(nick, identity);
    const link = url.searchParams.get("link");
    if (link !== null) hub.heard(parseLinkName(link));
    await answerPublish(request, response, url, (frames) =>
      hub.publish(frames, { nick, identity }),
    );
  });

  router.post("/v1/ping", (request, response, url) => {
    request.resume();
    const id = wholeNumber(url, "id") ?? 0;
    sendJson(response, { kind: "clock", id, time: hub.ping(linkOf(url), id).time });
  });

  router.post("/v1/bye", (request, response, url) => {
    request.resume();
    hub.bye(linkOf(url).session);
    response.writeHead(204).end();
  });

  router.post("/v1/nick", (request, response, url) => {
    request.resume();
    const { nick, identity } = identify(request, url);
    if (nick === undefined) {
      throw new ProtocolError("bad-nick", "expected a nick, such as ?nick=alice, got none");
    }
    if (url.searchParams.get("alone") === "1") hub.claimAlone(nick, identity);
    else hub.nicks.claim(nick, identity);
    sendJson(response, { nick });
  });

  router.get("/v1/history", async (request, response, url) => {
    request.resume();
    const name = parseTopic(url.searchParams.get("topic") ?? "");
    if (familyOf(name) !== "room") {
      throw new ProtocolError("bad-topic", `only rooms have a history, ${quote(name)} is none`);
    }
    const asked = wholeNumber(url, "limit") ?? HISTORY_EVENTS;
    const limit = Math.max(1, Math.min(asked, LIMITS.historyEvents));
    const before = wholeNumber(url, "before");
    using hold = hub.topics.hold(name);
    const topic = (await hold.topic) as LogTopic;
    const { introduction, lines, more } = await topic.history(before, limit);
    sendLines(response, [
      encodeServerFrame(introduction),
      ...lines.map(({ json }) => json),
      encodeServerFrame({ kind: "page", more }),
    ]);
  });

  router.get("/v1/rooms", async (request, response, _url) => {
    request.resume();
    sendJson(response, { rooms: await listRooms(hub, store) });
  });

  const check = new StoreCheck(store, `health-${hub.server}`);
  router.get("/healthz", async (request, response, _url) => {
    request.resume();
    const message = hub.draining ? undefined : await check.failure();
    const status = hub.draining ? "draining" : message === undefined ? "ok" : "storage";
    const { server, links } = hub;
    const health = { status, message, backchat: version, server, links, topics: hub.topics.size };
    sendJson(response, health, status === "ok" ? 200 : 503);
  });
}

// Where somebody is, there is a room, even if nobody has said anything yet.
async function listRooms(hub: Hub, store: Store): Promise<object[]> {
  const stored = await store.topics(ROOMS);
  const known = new Set(stored.map(({ topic }) => topic));
  const others = hub.presence.rooms().filter((room) => !known.has(room));
  const inUse = await Promise.all(
    others.slice(0, ROOMS).map(async (topic) => ({ topic, ...(await store.state(topic)) })),
  );
  return [...inUse, ...stored].slice(0, ROOMS).map(({ topic, line, head, at }) => {
    return { topic, line, head, at, present: hub.presence.in(topic) };
  });
}

function identify({ headers }: IncomingMessage, url: URL) {
  const nick = url.searchParams.get("nick");
  return {
    nick: nick === null ? undefined : parseNick(nick),
    identity: parseIdentity(headers.authorization),
  };
}

function linkOf(url: URL) {
  return parseLinkName(url.searchParams.get("link") ?? "");
}
