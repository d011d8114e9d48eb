import { ProtocolError } from "../protocol/errors.ts";
import type { Body, Json } from "../protocol/frames.ts";
import { familyOf, quote } from "../protocol/names.ts";
import { parseBody } from "../protocol/parse.ts";
import { cleanLine } from "../client/clean.ts";
import type { Acked } from "../client/outbox.ts";
import { LinkError, type TransportName } from "../transports/transport.ts";
import { parseAddress } from "./address.ts";
import { describeFlags, parseFlags } from "./flags.ts";
import { type Line, readLines } from "./lines.ts";
import { nickOf, SCRIPT_FLAGS, topicOf } from "./link-flags.ts";
import { Output } from "./output.ts";
import { ScriptSession } from "./script-session.ts";
import { defaultNick } from "./state-folder.ts";
import { CommandError, UsageError } from "./usage-error.ts";

/** Lines that wait for their acknowledgement; beyond it no more are read. */
const UNACKED = 1_000;
/** Failed lines that are named one by one. */
const NAMED = 20;

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
  if (address === undefined) throw new UsageError("expected backchat send URL TOPIC [TEXT], got no URL");
  const url = parseAddress(address);
  if (topicText === undefined) throw new UsageError("expected a topic, such as room:lobby, got none");
  const topic = topicOf(topicText);
  if (rest.length > 0) throw new UsageError(`expected one TEXT, got also ${quote(rest[0]!)}: put it all in quotes`);
  const json = (flags.format ?? (process.stdout.isTTY ? "text" : "json")) === "json";
  const output = new Output();

  await using script = new ScriptSession({
    url,
    topics: new Map(),
    nick: nickOf(flags.name ?? defaultNick()),
    transport: flags.transport as TransportName | "auto",
    rotate: flags.rotate,
    timeout: flags.timeout,
    wait: flags.wait,
  });
  const failures = new Map<number, string>();
  /** Numbers of the lines that aren't acknowledged yet, rising. */
  const waiting = new Set<number>();
  let room = Promise.withResolvers<void>();
  // Acks are printed in order, each after the one before it.
  let printed: Promise<void> = Promise.resolve();
  const publish = (id: number, { number, text: said }: Line) => {
    waiting.add(number);
    const done: Promise<() => void | Promise<void>> = attempt(() => script.session.publish(topic, bodyOf(topic, said))).then(
      ({ offset, epoch }) => {
        waiting.delete(number);
        return () => output.line(json ? JSON.stringify({ kind: "ack", id, topic, offset, epoch }) : ackText(id, topic, offset));
      },
      (error: Error) => {
        // The session has ended, and all that waits with it.
        if (error instanceof LinkError) return () => new Promise(() => {});
        waiting.delete(number);
        return () => void failures.set(number, cleanLine(error.message));
      },
    );
    void done.finally(() => room.resolve());
    printed = printed.then(async () => (await done)());
  };

  let last = 0;
  let complete = false;
  const all = (async () => {
    let id = 0;
    for await (const line of text === undefined ? readInput() : [{ number: 1, text }]) {
      last = line.number;
      publish(++id, line);
      while (waiting.size >= UNACKED) {
        room = Promise.withResolvers();
        await room.promise;
      }
      await output.room();
    }
    complete = true;
    await printed;
    await script.linked;
  })();
  let interrupted = false;
  script.start();
  try {
    await Promise.race([all, script.ended.then(() => (interrupted = true))]);
    await output.flush();
  } finally {
    // Left open, it would keep the process running.
    if (text === undefined) process.stdin.destroy();
    if (script.reached) {
      report(failures);
      const [first = last] = waiting;
      const what = first === last ? `line ${first}` : `lines ${first} to ${last}`;
      if (waiting.size > 0) process.stderr.write(`not acknowledged: ${what}${complete ? "" : ", and what follows"}\n`);
      else if (!complete && last > 0) process.stderr.write(`not sent: what follows line ${last}\n`);
    }
  }
  if (interrupted) throw new CommandError("interrupted");
  return failures.size === 0 ? 0 : 1;
}

async function* readInput(): AsyncGenerator<Line> {
  try {
    yield* readLines(process.stdin.setEncoding("utf8"));
  } catch (cause) {
    throw new CommandError(`standard input can't be read: ${(cause as Error).message}`, { cause });
  }
}

function ackText(id: number, topic: string, offset: number | null): string {
  return `${id} ✓ ${topic} ${offset ?? "(trimmed since)"}`;
}

function report(failures: ReadonlyMap<number, string>): void {
  for (const [number, reason] of [...failures].slice(0, NAMED)) process.stderr.write(`not sent, line ${number}: ${reason}\n`);
  if (failures.size > NAMED) process.stderr.write(`… and ${failures.size - NAMED} more lines\n`);
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

function attempt(publish: () => Promise<Acked>): Promise<Acked> {
  try {
    return publish();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
