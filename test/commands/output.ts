import { z } from "zod";
import type { Run } from "../support/process.ts";

const quantiles = z.strictObject({ p50: z.number().nullable(), p95: z.number().nullable() });
const count = z.int().nonnegative();

/** What `tail` and `send` promise to print, each with exactly these fields. */
const line = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("event"),
    topic: z.string(),
    offset: z.int().positive(),
    epoch: z.string().length(5),
    at: z.int(),
    from: z.string().nullable(),
    body: z.json(),
    key: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal("link"),
    transport: z.string(),
    state: z.enum(["connecting", "live", "lost", "waiting", "failed", "closed"]),
    ms: count.optional(),
    reason: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal("swap"),
    from: z.string(),
    to: z.string(),
    ms: count,
    held: count,
    duplicates: count,
    lost: count,
  }),
  z.strictObject({
    kind: z.literal("gap"),
    topic: z.string(),
    from: z.int().nullable(),
    to: z.int().nullable(),
    reason: z.string(),
  }),
  z.strictObject({
    kind: z.literal("stats"),
    transport: z.string(),
    rttMs: quantiles,
    deliveryMs: quantiles,
    reconnects: count,
    swaps: count,
    messages: count,
    bytesDown: count,
    bytesUp: count,
    bytesPerMessageDown: z.number().nullable(),
    bytesPerMessageUp: z.number().nullable(),
    duplicatesDropped: count,
    gaps: count,
  }),
  z.strictObject({
    kind: z.literal("ack"),
    id: z.int().positive(),
    topic: z.string(),
    offset: z.int().positive().nullable(),
    epoch: z.string().length(5),
  }),
]);

/** A line of `tail` or `send` in its JSON format. */
export type OutputLine = z.infer<typeof line>;

export type Kind = OutputLine["kind"];

type Of<K extends Kind> = Extract<OutputLine, { kind: K }>;

/** The lines of a kind among all that was printed. Throws at a line that isn't as promised. */
export function printed<K extends Kind>(stdout: string, kind: K): Of<K>[] {
  return parse(stdout).filter((one): one is Of<K> => one.kind === kind);
}

/** All that was printed, line by line. Throws at a line that isn't as promised. */
export function parse(stdout: string): OutputLine[] {
  return stdout
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => line.parse(JSON.parse(text)));
}

/** Waits for the next line of a kind that `match` lets through; the lines before it are passed over. */
export async function next<K extends Kind>(
  run: Run,
  kind: K,
  match: (line: Of<K>) => boolean = () => true,
): Promise<Of<K>> {
  for await (const text of run.lines) {
    const one = line.parse(JSON.parse(text));
    if (one.kind === kind && match(one as Of<K>)) return one as Of<K>;
  }
  const { code, signal, stderr } = await run.exited;
  throw new Error(`ended (${code ?? signal}) without the line that was waited for\n${stderr}`);
}

/** Waits until a session has a link. */
export async function live(run: Run): Promise<void> {
  await next(run, "link", ({ state }) => state === "live");
}

/** The texts of chat messages. */
export function texts(events: readonly Of<"event">[]): unknown[] {
  return events.map(({ body }) =>
    typeof body === "object" && body !== null && "text" in body ? body["text"] : body,
  );
}
