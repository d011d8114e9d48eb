import { decodeSince } from "../protocol/cursor.ts";
import { quote } from "../protocol/names.ts";
import type { Notice } from "../client/events.ts";
import { parseAddress } from "./address.ts";
import { noticeLine, statsLine } from "./format-json.ts";
import { formatNotice, formatStats } from "./format-text.ts";
import { describeFlags, type Flags, parseFlags } from "./flags.ts";
import { nickOf, pollIntervalOf, SCRIPT_FLAGS, topicOf } from "./link-flags.ts";
import { Output } from "./output.ts";
import { ScriptSession } from "./script-session.ts";
import type { TransportName } from "../transports/transport.ts";
import { UsageError } from "./usage-error.ts";

const FLAGS = {
  ...SCRIPT_FLAGS,
  since: {
    type: "text",
    value: "WHERE",
    help: "begin at the beginning, now, or so many events back",
    default: "now",
  },
  stats: {
    type: "number",
    value: "SECONDS",
    help: "print figures every so many seconds",
    min: 0.1,
    max: 86_400,
    fractions: true,
  },
  count: { type: "number", value: "N", help: "end after so many events", min: 1 },
} as const satisfies Flags;

export const TAIL_HELP = `backchat tail URL TOPIC…
Follow topics without a user interface.

${describeFlags(FLAGS)}

  backchat tail http://127.0.0.1:4400 room:lobby feed:market --since 10 --stats 5`;

/** `backchat tail`. @throws UsageError, CommandError */
export async function tail(argv: readonly string[]): Promise<number> {
  const { input, flags } = parseFlags("tail", FLAGS, argv);
  const [address, ...topics] = input;
  if (address === undefined) throw new UsageError("expected backchat tail URL TOPIC…, got no URL");
  const url = parseAddress(address);
  if (topics.length === 0)
    throw new UsageError("expected at least one topic, such as room:lobby, got none");
  const since = decodeSince(flags.since);
  if (since === undefined) {
    throw new UsageError(
      `expected --since to be beginning, now or a number of events, got ${quote(flags.since)}`,
    );
  }
  const json = (flags.format ?? (process.stdout.isTTY ? "text" : "json")) === "json";
  const output = new Output();
  const { count = Infinity } = flags;
  let seen = 0;
  const enough = Promise.withResolvers<void>();

  await using script = new ScriptSession({
    url,
    topics: new Map(topics.map((topic) => [topicOf(topic), since])),
    nick: flags.name === undefined ? undefined : nickOf(flags.name),
    transport: flags.transport as TransportName | "auto",
    pollInterval: pollIntervalOf(flags),
    rotate: flags.rotate,
    timeout: flags.timeout,
    wait: flags.wait,
  });
  const { session } = script;
  const print = (notice: Notice) => {
    const { text, aside } = json
      ? { text: noticeLine(notice), aside: false }
      : formatNotice(notice);
    if (aside) process.stderr.write(`${text}\n`);
    else if (text !== "") output.line(text);
  };
  // The first try is told once it leads to something, be it another try. If it fails for good, one line on stderr says so.
  const early: Notice[] = [];
  let told = flags.wait;
  const printStats = () =>
    output.line(json ? statsLine(session.stats) : formatStats(session.stats));
  session.throttle(() => output.room());
  session.listen((notice) => {
    if (seen >= count) return;
    told ||= notice.kind !== "link" || notice.state === "live" || notice.state === "waiting";
    early.push(notice);
    if (told) for (const held of early.splice(0)) print(held);
    if (notice.kind === "event" && ++seen >= count) enough.resolve();
  });
  const timer = flags.stats === undefined ? undefined : setInterval(printStats, flags.stats * 1000);
  try {
    script.start();
    await Promise.race([enough.promise, script.ended, output.closed]);
    if (seen >= count || flags.stats !== undefined) printStats();
    await output.flush();
  } finally {
    clearInterval(timer);
  }
  return 0;
}
