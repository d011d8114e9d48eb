// One session, in a process that can be stopped: `reader.ts URL TRANSPORT ROOM FEED`. Prints `live`, and after an event of the room whose body
// is `{"end":true}`, once the feed has been read as far as `feedHead` says, what it has read.
import { Session } from "../../../src/client/session.ts";
import { CLIENT_TRANSPORTS } from "../../../src/commands/transports.ts";
import { openWire } from "../../../src/transports/shared/client/wire.ts";
import type { TransportName } from "../../../src/transports/transport.ts";
import type { GapNotice } from "../../../src/client/events.ts";

/** What the reader prints at its end. */
export interface Read {
  /** Events of the room, and the numbers in their bodies where they aren't 1, 2, 3 … */
  readonly room: number;
  readonly roomHead: number;
  readonly outOfOrder: readonly string[];
  readonly feed: number;
  readonly feedHead: number;
  /** Offsets of the feed that were said to be superseded. */
  readonly superseded: number;
  /** key → the number in its newest body */
  readonly latest: Readonly<Record<string, number>>;
  readonly gaps: readonly GapNotice[];
  readonly lost: number;
  readonly duplicates: number;
}

interface Body {
  readonly n?: number;
  readonly key?: string;
  readonly end?: true;
  readonly feedHead?: number;
}

const [url = "", transport = "", room = "", feed = ""] = process.argv.slice(2);
await using wire = openWire(new URL(url));
const ended = Promise.withResolvers<void>();
let roomCount = 0;
let roomOffset = 0;
let feedCount = 0;
let feedOffset = 0;
let superseded = 0;
let feedHead = Infinity;
let lost = 0;
const outOfOrder: string[] = [];
const latest: Record<string, number> = {};
const gaps: GapNotice[] = [];
await using session = new Session({
  wire,
  transports: CLIENT_TRANSPORTS,
  transport: transport as TransportName,
  topics: new Map([
    [room, "beginning"],
    [feed, "beginning"],
  ]),
  pollInterval: { min: 20, max: 200 },
});
session.listen((notice) => {
  if (notice.kind === "gap") {
    gaps.push(notice);
    if (notice.topic === room) roomOffset = notice.to ?? roomOffset;
  }
  if (notice.kind === "link" && notice.state === "lost") lost += 1;
  if (notice.kind === "link" && notice.state === "live") process.stdout.write("live\n");
  if (notice.kind !== "event") return;
  const body = notice.body as Body;
  if (notice.topic === room) {
    if (notice.offset !== roomOffset + 1) outOfOrder.push(`${notice.offset} after ${roomOffset}`);
    if (body.n !== undefined && body.n !== notice.offset)
      outOfOrder.push(`${body.n} at ${notice.offset}`);
    roomOffset = notice.offset;
    roomCount += 1;
    if (body.end) feedHead = body.feedHead!;
  } else {
    if (notice.offset !== feedOffset + notice.superseded + 1)
      outOfOrder.push(`feed ${notice.offset} (${notice.superseded}) after ${feedOffset}`);
    feedOffset = notice.offset;
    feedCount += 1;
    superseded += notice.superseded;
    latest[body.key!] = body.n!;
  }
  if (feedOffset >= feedHead) ended.resolve();
});
session.start();
await ended.promise;
const read: Read = {
  room: roomCount,
  roomHead: roomOffset,
  outOfOrder: outOfOrder.slice(0, 10),
  feed: feedCount,
  feedHead: feedOffset,
  superseded,
  latest,
  gaps,
  lost,
  duplicates: session.stats.duplicatesDropped,
};
process.stdout.write(`${JSON.stringify(read)}\n`);
