import { cleanLine } from "../client/clean.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { Body, Json } from "../protocol/frames.ts";
import { familyOf, quote } from "../protocol/names.ts";
import { parseBody } from "../protocol/parse.ts";
import type { TransportName } from "../transports/transport.ts";
import { parseAddress } from "./address.ts";
import { describeFlags, parseFlags } from "./flags.ts";
import { type Line, readLines } from "./lines.ts";
import { nickOf, pollIntervalOf, SCRIPT_FLAGS, topicOf } from "./link-flags.ts";
import { Output } from "./output.ts";
import { Publishes } from "./publishes.ts";
import { ScriptSession } from "./script-session.ts";
import { defaultNick } from "./state-folder.ts";
import { CommandError, UsageError } from "./usage-error.ts";

export const SEND_HELP = `backchat send URL TOPIC [TEXT]
Publish one text, or each line of standard input (empty lines are passed over). To a feed: JSON objects with a key.
Prints one ack for each, in order, when it is kept.

${describeFlags(SCRIPT_FLAGS)}

  backchat send http://127.0.0.1:4400 room:lobby 'hello' --name bob
  tail -f build.log | backchat send 127.0.0.1:4400 room:builds`;

/** `backchat send`. @throws UsageError, CommandError */
export async function send(argv: readonly string[]): Promise<number> {
  const { input, flags } = parseFlags("send", SCRIPT_FLAGS, argv);
  const [address, topicText, text, ...rest] = input;
  if (address === undefined)
    throw new UsageError("expected backchat send URL TOPIC [TEXT], got no URL");
  const url = parseAddress(address);
  if (topicText === undefined)
    throw new UsageError("expected a topic, such as room:lobby, got none");
  const topic = topicOf(topicText);
  if (text === "") throw new UsageError("expected a TEXT, got an empty one");
  if (rest.length > 0)
    throw new UsageError(`expected one TEXT, got also ${quote(rest[0]!)}: put it all in quotes`);
  const json = (flags.format ?? (process.stdout.isTTY ? "text" : "json")) === "json";
  const output = new Output();

  await using script = new ScriptSession({
    url,
    topics: new Map(),
    nick: nickOf(flags.name ?? defaultNick()),
    transport: flags.transport as TransportName | "auto",
    pollInterval: pollIntervalOf(flags),
    rotate: flags.rotate,
    timeout: flags.timeout,
    wait: flags.wait,
  });
  const publishes = new Publishes(
    async (line) => script.session.publish(topic, bodyOf(topic, line)),
    (id, { offset, epoch }) => {
      const ack = { kind: "ack", id, topic, offset, epoch };
      output.line(json ? JSON.stringify(ack) : `${id} ✓ ${topic} ${offset ?? "(trimmed since)"}`);
    },
  );
  let complete = false;
  const all = (async () => {
    for await (const line of text === undefined ? readInput() : [{ number: 1, text }]) {
      publishes.add(line);
      await publishes.room();
      await output.room();
    }
    complete = true;
    await publishes.settled;
    await script.linked;
  })();
  let interrupted = false;
  script.session.listen((notice) => {
    if (notice.kind !== "error") return;
    process.stderr.write(`waiting to send: ${cleanLine(notice.message)}\n`);
  });
  script.start();
  try {
    await Promise.race([all, script.ended.then(() => (interrupted = true))]);
    await output.flush();
  } finally {
    // Left open, it would keep the process running.
    if (text === undefined) process.stdin.destroy();
    // A server that was never reached has got nothing at all: one line says so.
    const missing = script.reached ? publishes.missing(complete) : [];
    for (const line of missing) process.stderr.write(`${line}\n`);
  }
  if (interrupted) throw new CommandError("interrupted");
  return publishes.allKept ? 0 : 1;
}

async function* readInput(): AsyncGenerator<Line> {
  try {
    yield* readLines(process.stdin.setEncoding("utf8"));
  } catch (cause) {
    throw new CommandError(`standard input can't be read: ${(cause as Error).message}`, { cause });
  }
}

function bodyOf(topic: string, line: string): Body {
  if (familyOf(topic) !== "feed") return { text: line };
  const wanted = `${topic} takes JSON objects with a key, such as {"key":"main","status":"green"}`;
  const body = jsonOf(line);
  if (body !== undefined && typeof body !== "string") return body;
  throw new ProtocolError("bad-body", `${wanted}, got ${quote(line)}`);
}

function jsonOf(text: string): Json | undefined {
  try {
    return parseBody(text);
  } catch {
    return undefined;
  }
}
