import { createInterface } from "node:readline";
import { ProtocolError } from "../protocol/errors.ts";
import type { Body, Json } from "../protocol/frames.ts";
import { familyOf } from "../protocol/names.ts";
import { parseBody } from "../protocol/parse.ts";
import { cleanLine } from "../client/clean.ts";
import type { Acked } from "../client/outbox.ts";
import type { TransportName } from "../transports/transport.ts";
import { parseAddress } from "./address.ts";
import { describeFlags, parseFlags } from "./flags.ts";
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
  if (address === undefined || topicText === undefined) {
    throw new UsageError("expected backchat send URL TOPIC [TEXT], got too little");
  }
  if (rest.length > 0) throw new UsageError("expected one TEXT: put it in quotes");
  const url = parseAddress(address);
  const topic = topicOf(topicText);
  const json = (flags.format ?? (process.stdout.isTTY ? "text" : "json")) === "json";
  const output = new Output();
  const failures: string[] = [];
  let unacked = 0;
  let room = Promise.withResolvers<void>();
  // Acks are printed in order, each after the one before it.
  let printed: Promise<void> = Promise.resolve();

  await using script = new ScriptSession({
    url,
    topics: new Map(),
    nick: nickOf(flags.name ?? defaultNick()),
    transport: flags.transport as TransportName | "auto",
    rotate: flags.rotate,
    timeout: flags.timeout,
    wait: flags.wait,
  });
  const publish = (id: number, line: string) => {
    unacked += 1;
    const acked = attempt(() => script.session.publish(topic, bodyOf(topic, line)));
    const done = acked.then(
      ({ offset, epoch }) => () => {
        output.line(json ? JSON.stringify({ kind: "ack", id, topic, offset, epoch }) : `${id} ✓ ${topic} ${offset ?? "(trimmed since)"}`);
      },
      (error: Error) => () => void failures.push(`${id}: ${cleanLine(error.message)}`),
    );
    void done.finally(() => {
      unacked -= 1;
      room.resolve();
    });
    printed = printed.then(async () => (await done)());
  };

  script.start();
  const all = (async () => {
    let id = 0;
    if (text !== undefined) publish(++id, text);
    else {
      for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
        if (line === "") continue;
        publish(++id, line);
        while (unacked >= UNACKED) {
          room = Promise.withResolvers();
          await room.promise;
        }
        await output.room();
      }
    }
    await printed;
  })();
  let interrupted = false;
  await Promise.race([
    all,
    script.ended.then(() => {
      interrupted = true;
    }),
  ]);
  await output.flush();
  if (interrupted) throw new CommandError(`interrupted: ${unacked} not acknowledged`);
  for (const failure of failures.slice(0, NAMED)) process.stderr.write(`not sent, line ${failure}\n`);
  if (failures.length > NAMED) process.stderr.write(`… and ${failures.length - NAMED} more lines\n`);
  return failures.length === 0 ? 0 : 1;
}

function bodyOf(topic: string, line: string): Body {
  if (familyOf(topic) !== "feed") return { text: line };
  const body: Json = parseBody(line);
  if (typeof body === "string") throw new ProtocolError("bad-body", `a feed takes JSON objects with a key, got a text`);
  return body;
}

function attempt(publish: () => Promise<Acked>): Promise<Acked> {
  try {
    return publish();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
