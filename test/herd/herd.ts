import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import type { ServerFrame } from "../../src/protocol/frames.ts";
import type { ClientLink, ClientTransport, TransportName } from "../../src/transports/transport.ts";
import { Client } from "../client/support/client.ts";
import { eventually } from "../client/support/wait.ts";

/** A moment at which something happened to a member, ms of this process's clock. */
interface Floor {
  readonly at: number;
  /** The server's word: not before so many ms from then. */
  readonly after: number;
}

/** One session of the herd, and what it did on the wire. */
export interface Member {
  readonly client: Client;
  readonly name: string;
  readonly room: string;
  readonly transport: TransportName | "auto";
  /** When it asked for a link. */
  readonly opened: number[];
  /** When it was live. */
  readonly live: number[];
  /** When the server told it to stay away, and for how long. */
  readonly floors: Floor[];
}

export interface HerdOptions {
  readonly size: number;
  readonly rooms: number;
  /** Dealt out in turn. */
  readonly transports: readonly (TransportName | "auto")[];
}

/** As those of users: tests of one client poll far more often. */
const POLL_INTERVAL = { min: 500, max: 4_000 };

/** Many sessions in one process, each with connections of its own. */
export class Herd implements AsyncDisposable {
  readonly members: readonly Member[];

  constructor(url: URL, { size, rooms, transports }: HerdOptions) {
    this.members = Array.from({ length: size }, (_, index) => {
      const transport = transports[index % transports.length]!;
      return member(url, index, `room:r${index % rooms}`, transport);
    });
  }

  start(): void {
    for (const { client } of this.members) client.session.start();
  }

  /** Resolves when every session has a link again. */
  async allLive(ms: number): Promise<void> {
    const size = this.members.length;
    try {
      await eventually(`${size} live sessions`, () => this.#waiting() === 0, ms);
    } catch (cause) {
      throw new Error(`${this.#waiting()} of ${size} have no link after ${ms} ms`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(({ client }) => client.close()));
  }

  #waiting(): number {
    return this.members.filter(({ client }) => client.session.status.state !== "live").length;
  }
}

function member(url: URL, index: number, room: string, transport: TransportName | "auto"): Member {
  const name = `n${index}`;
  const opened: number[] = [];
  const live: number[] = [];
  const floors: Floor[] = [];
  const transports = new Map(
    [...CLIENT_TRANSPORTS].map(([key, real]) => [key, watched(real, opened, floors)]),
  );
  const client = new Client(url, transport, {
    transports,
    topics: { [room]: "beginning" },
    nick: name,
    identity: `secret of ${name}`.padEnd(16, "x").replaceAll(" ", "-"),
    pollInterval: POLL_INTERVAL,
    wait: true,
  });
  client.session.listen((notice) => {
    if (notice.kind === "link" && notice.state === "live") live.push(performance.now());
  });
  return { client, name, room, transport, opened, live, floors };
}

// The same transport; what it is asked for and told is written down.
function watched(transport: ClientTransport, opened: number[], floors: Floor[]): ClientTransport {
  const hear = (after: number | undefined) => {
    if (after) floors.push({ at: performance.now(), after });
  };
  return {
    name: transport.name,
    async open(request, signal) {
      opened.push(performance.now());
      try {
        const link = await transport.open(request, signal);
        return { ...ofLink(link), frames: heard(link.frames, hear) };
      } catch (error) {
        hear((error as { after?: number }).after);
        throw error;
      }
    },
  };
}

function ofLink(link: ClientLink): Omit<ClientLink, "frames"> {
  return {
    send: (frames) => link.send(frames),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

async function* heard(
  batches: AsyncIterable<readonly ServerFrame[]>,
  hear: (after: number | undefined) => void,
): AsyncGenerator<readonly ServerFrame[]> {
  for await (const frames of batches) {
    for (const frame of frames) if (frame.kind === "drain") hear(frame.after);
    yield frames;
  }
}

/** How many of the moments lie in each bin, from 0 on. */
export function bins(moments: readonly number[], width: number): number[] {
  const counts: number[] = [];
  for (const moment of moments) {
    const bin = Math.max(0, Math.floor(moment / width));
    while (counts.length <= bin) counts.push(0);
    counts[bin]! += 1;
  }
  return counts;
}

/** Printed for whoever reads the run: one line a bin of 100 ms. */
export function histogram(title: string, moments: readonly number[]): string {
  const width = 100;
  const counts = bins(moments, width);
  const scale = Math.max(1, Math.max(...counts) / 60);
  const lines = counts.map(
    (count, bin) =>
      `${String((bin * width) / 1_000).padStart(6)} s ${String(count).padStart(4)} ${"#".repeat(Math.ceil(count / scale))}`,
  );
  return `${title} (${moments.length})\n${lines.join("\n")}\n`;
}
