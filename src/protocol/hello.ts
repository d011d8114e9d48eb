import {
  decodeCursor,
  decodePosition,
  decodeSince,
  encodeCursor,
  type Since,
  type Start,
  tooManyTopics,
} from "./cursor.ts";
import { ProtocolError } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { parseNick, parseTopic, quote } from "./names.ts";

/** The name of a link: the session's name and the number of the link in it. */
export interface LinkName {
  readonly session: string;
  readonly number: number;
}

/** What a client says when it opens a link (PROTOCOL.md, section 2). */
export interface Hello {
  readonly topics: ReadonlyMap<string, Start>;
  readonly nick?: string | undefined;
  readonly link?: LinkName | undefined;
  /** The secret of `Authorization: Bearer`; absent: anonymous. */
  readonly identity?: string | undefined;
}

const LINK = /^([0-9A-Za-z_-]{1,32})\.([0-9]{1,9})$/;
const BEARER = /^Bearer ([\x21-\x7e]{16,128})$/i;
const PARAMETERS = new Set(["topic", "cursor", "since", "nick", "link"]);

/** The hello as a URL query, without `?`. */
export function helloQuery(hello: Hello): string {
  const parts: string[] = [];
  if (hello.topics.size > 0) parts.push(`cursor=${encode(encodeCursor(hello.topics))}`);
  if (hello.nick !== undefined) parts.push(`nick=${encode(hello.nick)}`);
  if (hello.link) parts.push(`link=${formatLinkName(hello.link)}`);
  return parts.join("&");
}

/**
 * Read the hello of a request.
 * @throws ProtocolError `bad-request`, `bad-topic`, `bad-nick`, `bad-cursor`, `too-many-topics`
 */
export function parseHello(
  query: URLSearchParams,
  headers: {
    readonly authorization?: string | undefined;
    readonly lastEventId?: string | undefined;
  },
): Hello {
  for (const name of query.keys()) {
    if (!PARAMETERS.has(name)) {
      throw new ProtocolError(
        "bad-request",
        `unknown parameter ${quote(name)}: expected ${[...PARAMETERS].join(", ")}`,
      );
    }
  }
  const since = parseSince(query.get("since") ?? "now");
  const topics = new Map<string, Start>();
  for (const [topic, position] of decodeCursor(query.get("cursor") ?? "")) {
    topics.set(topic, position);
  }
  for (const name of query.getAll("topic")) {
    const topic = parseTopic(name);
    if (!topics.has(topic)) topics.set(topic, since);
  }
  const link = query.get("link");
  // A session may come to publish alone.
  if (topics.size === 0 && link === null) {
    throw new ProtocolError(
      "bad-request",
      "expected at least one topic, such as ?topic=room:lobby, got none",
    );
  }
  if (topics.size > LIMITS.topicsPerLink) throw tooManyTopics(topics.size);
  if (headers.lastEventId !== undefined && headers.lastEventId !== "") {
    resumeAt(topics, headers.lastEventId);
  }
  const nick = query.get("nick");
  return {
    topics,
    nick: nick === null ? undefined : parseNick(nick),
    link: link === null ? undefined : parseLinkName(link),
    identity: parseIdentity(headers.authorization),
  };
}

/** @throws ProtocolError `bad-request` */
function parseSince(text: string): Since {
  const since = decodeSince(text);
  if (since !== undefined) return since;
  throw new ProtocolError(
    "bad-request",
    `expected since to be now, beginning or a number of events, got ${quote(text)}`,
  );
}

/** @throws ProtocolError `bad-request` */
export function parseLinkName(text: string): LinkName {
  const match = LINK.exec(text);
  if (!match) {
    throw new ProtocolError(
      "bad-request",
      `expected link to be SESSION.N (up to 32 of 0-9A-Za-z_-, a dot, a number), got ${quote(text)}`,
    );
  }
  return { session: match[1]!, number: Number(match[2]) };
}

export function formatLinkName({ session, number }: LinkName): string {
  return `${session}.${number}`;
}

/** @throws ProtocolError `bad-request` */
export function parseIdentity(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === "") return undefined;
  const match = BEARER.exec(authorization);
  if (!match) {
    throw new ProtocolError(
      "bad-request",
      "expected Authorization: Bearer and a secret of 16 to 128 printable characters",
    );
  }
  return match[1];
}

/** Percent-encode a query value, leaving the characters that a cursor is made of readable. */
export function encode(value: string): string {
  return encodeURIComponent(value).replace(/%(?:3A|40|2C)/g, decodeURIComponent);
}

// `Last-Event-ID` is sent by a browser as we gave it: positions in the order of the URL's topics. What can't be read
// becomes a spoken gap: refusing it would leave the browser retrying the same thing for ever.
function resumeAt(topics: Map<string, Start>, lastEventId: string): void {
  const positions = lastEventId.split(",");
  let index = 0;
  for (const topic of topics.keys()) {
    const text = positions[index++];
    topics.set(topic, text === undefined ? "unreadable" : (decodePosition(text) ?? "unreadable"));
  }
}
