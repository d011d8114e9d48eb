// Positions that nobody gave out, on each transport, as curl and a browser's EventSource would send them.
import { describe, expect, test } from "vitest";
import type { Gap, ServerFrame, TopicFrame } from "../../src/protocol/frames.ts";
import { type Headers, start, type TestServer, texts } from "../server/support.ts";
import { TRANSPORTS, type TransportName } from "../../src/transports/transport.ts";

const UNREADABLE: Gap = { from: null, to: null, reason: "unreadable" };

const GARBAGE = [
  "garbage",
  "@",
  "undefined",
  "k3f9a",
  "k3f9a.",
  "k3f9a.-1",
  "k3f9a.1e3",
  "k3f9a.007",
  "k3f9a.9007199254740993",
  "K3F9A.1",
  "k3f9a.1.2",
  "-1",
  "1042 OR 1=1",
  "%00%0d%0a",
  "../../etc/passwd",
  "x".repeat(4_000),
];

type Ask = (garbage: string) => readonly [query: string, headers?: Headers];

const IN_CURSOR = ["cursor=", (garbage) => [`cursor=room:a@${garbage}`]] as const satisfies [
  string,
  Ask,
];
const IN_HEADER = [
  "Last-Event-ID",
  (garbage) => ["topic=room:a", { "last-event-id": garbage }],
] as const satisfies [string, Ask];

/** A browser can't send the header with a WebSocket. */
const WAYS: Record<TransportName, readonly (readonly [string, Ask])[]> = {
  polling: [IN_CURSOR, IN_HEADER],
  "long-polling": [IN_CURSOR, IN_HEADER],
  sse: [IN_CURSOR, IN_HEADER],
  websocket: [IN_CURSOR],
};

/** What a topic is introduced with, and the events that followed until the link was synced. */
interface Opening {
  readonly gap: Gap | undefined;
  readonly after: number | undefined;
  readonly offsets: readonly number[];
  /** Goes on: the offsets that come after the next publish. */
  readonly next: () => Promise<readonly number[]>;
}

type Open = (server: TestServer, query: string, headers?: Headers) => Promise<Opening>;

const OPENERS: Record<TransportName, Open> = {
  polling: (server, query, headers) => polled(server, "polling", query, headers),
  "long-polling": (server, query, headers) => polled(server, "long-polling", query, headers),
  sse: async (server, query, headers) => streamed(await server.sse(query, headers)),
  websocket: async (server, query, headers) => streamed(await server.websocket(query, headers)),
};

async function polled(
  server: TestServer,
  transport: "polling" | "long-polling",
  query: string,
  headers?: Headers,
): Promise<Opening> {
  const { status, frames } = await server.get(`/v1/${transport}?${query}`, headers);
  expect(status).toBe(200);
  const last = frames.at(-1);
  if (last?.kind !== "synced") throw new Error("the answer has no cursor to go on from");
  const next = async () => {
    const answer = await server.get(`/v1/${transport}?cursor=${last.cursor}`);
    expect(introductions(answer.frames).some(({ gap }) => gap)).toBe(false);
    return offsetsIn(answer.frames);
  };
  return { ...openingOf(frames), next };
}

async function streamed(link: Awaited<ReturnType<TestServer["sse"]>>): Promise<Opening> {
  await link.frame("synced");
  const before = link.events.length;
  const next = async () => {
    await link.heard("room:a", before + 1);
    return link.events.slice(before).map(({ offset }) => offset);
  };
  return { ...openingOf(link.frames), next };
}

function openingOf(frames: readonly ServerFrame[]) {
  const topic = introductions(frames).find(({ gap }) => gap);
  return { gap: topic?.gap, after: topic?.after, offsets: offsetsIn(frames) };
}

function introductions(frames: readonly ServerFrame[]): TopicFrame[] {
  return frames.filter((frame) => frame.kind === "topic");
}

function offsetsIn(frames: readonly ServerFrame[]): number[] {
  return frames.flatMap((frame) => (frame.kind === "event" ? [frame.offset] : []));
}

describe.each(TRANSPORTS)("over %s", (transport) => {
  const open = OPENERS[transport];

  // mercure#704: who comes with an unknown id must not be stuck; #586: nor get all of the past as a surprise.
  test.each(WAYS[transport])(
    "garbage in %s is a gap of unknown extent; reading goes on at the head",
    async (_, ask) => {
      await using server = await start();
      await server.say("room:a", texts(3));
      let head = 3;
      for (const garbage of GARBAGE) {
        const opening = await open(server, ...ask(encodeURIComponent(garbage)));
        expect(opening, garbage).toMatchObject({ gap: UNREADABLE, after: head, offsets: [] });
        await server.say("room:a", ["next"]);
        head += 1;
        expect(await opening.next(), garbage).toEqual([head]);
      }
    },
  );

  test("a position beyond the head, or of another log, is a gap of its own kind, told once", async () => {
    await using server = await start();
    const [ack] = await server.say("room:a", texts(5));
    if (ack?.kind !== "ack") throw new Error("not acknowledged");
    const { epoch } = ack;
    const future = await open(server, `cursor=room:a@${epoch}.9`);
    expect(future).toMatchObject({
      gap: { from: 6, to: 9, reason: "future" },
      after: 5,
      offsets: [],
    });
    await server.say("room:a", ["reused offset"]);
    expect(await future.next()).toEqual([6]);
    const other = epoch === "aaaaa" ? "bbbbb" : "aaaaa";
    const lost = await open(server, `cursor=room:a@${other}.3`);
    expect(lost).toMatchObject({
      gap: { from: 4, to: null, reason: "epoch" },
      after: 0,
      offsets: [1, 2, 3, 4, 5, 6],
    });
    await server.say("room:a", ["one more"]);
    expect(await lost.next()).toEqual([7]);
  });
});

test.each(["sse", "polling", "long-polling"] as const)(
  "over %s, of several topics only those have a gap whose positions can't be read",
  async (transport) => {
    await using server = await start();
    const [ack] = await server.say("room:a", texts(3));
    await server.say("room:b", texts(3));
    if (ack?.kind !== "ack") throw new Error("not acknowledged");
    const headers = { "last-event-id": `${ack.epoch}.1,${ack.epoch}.oops` };
    const opening = await OPENERS[transport](server, "topic=room:a&topic=room:b", headers);
    expect(opening.offsets).toEqual([2, 3]);
    expect(opening.gap).toEqual(UNREADABLE);
  },
);
