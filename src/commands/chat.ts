import { ServerApi } from "../client/api.ts";
import { cleanLine } from "../client/clean.ts";
import { Session } from "../client/session.ts";
import type { Since } from "../protocol/cursor.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { whoOf } from "../protocol/names.ts";
import { openWire } from "../transports/shared/client/wire.ts";
import type { TransportName } from "../transports/transport.ts";
import { runTui, type Tell } from "../tui/run.tsx";
import { parseAddress } from "./address.ts";
import { describeFlags, type Flags, parseFlags } from "./flags.ts";
import { LINK_FLAGS, nickOf, pollIntervalOf, topicOf } from "./link-flags.ts";
import { type HostNews, LocalHost } from "./local-host.ts";
import { SERVE_FLAGS } from "./serve-flags.ts";
import { defaultNick, loadIdentity } from "./state-folder.ts";
import { CLIENT_TRANSPORTS } from "./transports.ts";
import { CommandError, UsageError } from "./usage-error.ts";

const JOIN_FLAGS = {
  ...LINK_FLAGS,
  room: { type: "text", value: "NAME", help: "the room to begin in", default: "lobby" },
} as const satisfies Flags;

const FLAGS = { ...JOIN_FLAGS, ...SERVE_FLAGS } as const satisfies Flags;

export const CHAT_HELP = `backchat [chat] [URL]
The terminal UI. Without URL it joins the server on this machine, and hosts one first if none answers: the same command in
each terminal is all that it takes.

${describeFlags(JOIN_FLAGS)}

When it hosts:
${describeFlags(SERVE_FLAGS)}`;

/** How often the last messages of a room are shown on joining it. */
const SINCE = 50;

/** `backchat`, `backchat chat`. @throws UsageError, CommandError */
export async function chat(argv: readonly string[]): Promise<number> {
  const { input, flags } = parseFlags("chat", FLAGS, argv);
  const [address, ...rest] = input;
  if (rest.length > 0)
    throw new UsageError(`expected backchat chat [URL], got also ${JSON.stringify(rest[0])}`);
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new UsageError(
      "the terminal UI needs a terminal: use backchat tail and backchat send in pipes and scripts",
    );
  }
  const room = topicOf(
    flags.room.startsWith("room:") ? flags.room : `room:${flags.room.replace(/^#/, "")}`,
  );
  await using local = new LocalHost(flags);
  const url = address === undefined ? await local.join() : parseAddress(address);
  await using wire = openWire(url);
  const identity = loadIdentity();
  const api = new ServerApi(wire, identity);
  const nick = await claim(api, flags.name, url);
  await using session = new Session({
    wire,
    transports: CLIENT_TRANSPORTS,
    transport: flags.transport as TransportName | "auto",
    pollInterval: pollIntervalOf(flags),
    topics: new Map<string, Since>([
      [room, SINCE],
      [whoOf(room), "now"],
      ["feed:market", "now"],
    ]),
    nick,
    identity,
    // Should the server go before the first link is there, another one takes its place.
    wait: address === undefined,
  });
  if (address === undefined) {
    local.listen(({ kind }) => {
      if (kind !== "failed") session.retry();
    });
    local.watch(url);
  }
  const rename = async (wanted: string) => {
    await api.claimNick(nickOf(wanted), false);
    await session.rename(wanted);
  };
  await runTui({
    session,
    api,
    room,
    label: url.host,
    rename,
    tidings: (tell) => local.listen((news) => tellOf(news, tell)),
    stdin: process.stdin,
    stdout: process.stdout,
  });
  const { unacked } = session.status;
  if (unacked > 0)
    process.stderr.write(
      `backchat: not sent: ${unacked} ${unacked === 1 ? "message" : "messages"}\n`,
    );
  if (session.failure) throw new CommandError(`${url.host}: ${cleanLine(session.failure.message)}`);
  // A signal that ended the UI has set it.
  return Number(process.exitCode ?? 0);
}

function tellOf(news: HostNews, tell: Tell): void {
  if (news.kind === "hosting") tell("this terminal hosts now", "good");
  if (news.kind === "failed") tell(`no server, and none can be hosted: ${news.message}`, "bad");
}

// Whoever says no name gets a free one; whoever says one gets that or a clear no.
async function claim(api: ServerApi, wanted: string | undefined, url: URL): Promise<string> {
  let nick = wanted === undefined ? defaultNick() : nickOf(wanted);
  for (;;) {
    try {
      return await api.claimNick(nick, wanted === undefined);
    } catch (error) {
      const { message } = error as Error;
      if (!(error instanceof ProtocolError)) {
        throw new CommandError(`${url.host}: ${cleanLine(message)}; is the server running?`, {
          cause: error,
        });
      }
      if (wanted !== undefined || error.suggestion === undefined) {
        throw new CommandError(cleanLine(message), { cause: error });
      }
      nick = error.suggestion;
    }
  }
}
