import type { ServerFrame } from "../protocol/frames.ts";
import { encodeServerFrame } from "../protocol/frames.ts";
import type { Chunk } from "../transports/transport.ts";

/** An event with its line of JSON, as a topic keeps it for its readers. */
export interface Line {
  readonly offset: number;
  /** `[n, offset, at, body, from, superseded]` */
  readonly json: string;
}

/** Bounds of one chunk, so that no message and no pause between two looks at a link's backlog grows large. */
const CHUNK_EVENTS = 500;
const CHUNK_CHARACTERS = 64 * 1024;

/** As many lines from the front as go into one chunk; at least one if there is one. */
export function takeChunk(lines: Iterable<Line>): readonly Line[] {
  const taken: Line[] = [];
  let characters = 0;
  for (const line of lines) {
    taken.push(line);
    characters += line.json.length;
    if (taken.length >= CHUNK_EVENTS || characters >= CHUNK_CHARACTERS) break;
  }
  return taken;
}

/** Events of one topic, in order, encoded once for each format that asks. */
export function eventChunk(events: readonly Line[]): Chunk {
  return chunk(
    events.map(({ json }) => json),
    events.map(({ offset }) => offset),
  );
}

/** One frame that isn't an event. */
export function frameChunk(frame: Exclude<ServerFrame, { kind: "event" }>): Chunk {
  return chunk([encodeServerFrame(frame)]);
}

function chunk(lines: readonly string[], offsets?: readonly number[]): Chunk {
  let made: { format: string; bytes: Buffer }[] | undefined;
  return {
    lines,
    offsets,
    encoded(format, encode) {
      made ??= [];
      let entry = made.find((candidate) => candidate.format === format);
      if (!entry) made.push((entry = { format, bytes: encode(lines) }));
      return entry.bytes;
    },
  };
}
