import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { ServerApi } from "../client/api.ts";
import { cleanLine } from "../client/clean.ts";
import { Session } from "../client/session.ts";
import type { Since } from "../protocol/cursor.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { whoOf } from "../protocol/names.ts";
import type { RunningServer } from "../server/server.ts";
import { openWire } from "../transports/shared/client/wire.ts";
import type { TransportName } from "../transports/transport.ts";
import { runTui } from "../tui/run.tsx";
import { parseAddress } from "./address.ts";
import { describeFlags, type Flags, parseFlags, type Values } from "./flags.ts";
import { LINK_FLAGS, nickOf, pollIntervalOf, topicOf } from "./link-flags.ts";
import { host, HostTaken, SERVE_FLAGS } from "./serve-flags.ts";
import { defaultNick, loadIdentity, stateFolder } from "./state-folder.ts";
import { CLIENT_TRANSPORTS } from "./transports.ts";
import { CommandError, UsageError } from "./usage-error.ts";

const JOIN_FLAGS = {
  ...LINK_FLAGS,
  room: { type: "text", value: "NAME", help: "the room to begin in", default: "lobby" },
} as const satisfies Flags;

const FLAGS = { ...JOIN_FLAGS, ...SERVE_FLAGS } as const satisfies Flags;

type ChatValues = Values<typeof FLAGS>;

export const CHAT_HELP = `backchat [chat] [URL]
The terminal UI. Without URL it joins the server on this machine, and hosts one first if none answers: the same command in
each terminal is all that it takes.

${describeFlags(JOIN_FLAGS)}

When it hosts:
${describeFlags(SERVE_FLAGS)}`;

/** How often the last messages of a room are shown on joining it. */
const SINCE = 50;
/** How long a server that has the port but doesn't answer yet may take to do so, in ms. */
const STARTING_MS = 3_000;

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
  });
  // Whoever hosted has gone: the next one takes its place, and the session reconnects by itself.
  if (address === undefined) {
    session.listen((notice) => {
      if (notice.kind === "link" && notice.state === "waiting") void local.takeOver();
    });
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

/** The server on this machine: joined if it is there, hosted by this process if not. */
class LocalHost implements AsyncDisposable {
  readonly #flags: ChatValues;
  readonly #log: Logger;
  #server: RunningServer | undefined;
  #takingOver: Promise<void> | undefined;
  #url: URL | undefined;

  constructor(flags: ChatValues) {
    this.#flags = flags;
    // Nothing may write to the terminal under the UI.
    const file = join(stateFolder(), "server.log");
    this.#log = pino(
      { level: "warn", base: null },
      pino.destination({ dest: file, mkdir: true, sync: true }),
    );
  }

  /** @throws CommandError when the port belongs to something else */
  async join(): Promise<URL> {
    const { port } = this.#flags;
    const url = parseAddress(
      `http://${this.#flags.host.includes(":") ? `[${this.#flags.host}]` : this.#flags.host}:${port}`,
    );
    if (port !== 0 && (await answers(url))) return (this.#url = url);
    try {
      this.#server = await host(
        this.#flags,
        this.#log,
        (line) => void process.stderr.write(`${line}\n`),
      );
      return (this.#url = new URL(this.#server.url));
    } catch (error) {
      // Two started at once: the other one was quicker.
      if (!(error instanceof HostTaken) || !(await answersSoon(url))) throw error;
      return (this.#url = url);
    }
  }

  /** Host in the place of a server that has gone; if another one has taken it already, all is well. */
  takeOver(): Promise<void> {
    if (this.#server) return Promise.resolve();
    this.#takingOver ??= this.#tryHosting().finally(() => {
      this.#takingOver = undefined;
    });
    return this.#takingOver;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#takingOver;
    await this.#server?.stop();
  }

  async #tryHosting(): Promise<void> {
    try {
      const port = Number(this.#url?.port);
      this.#server = await host({ ...this.#flags, port }, this.#log, (line) =>
        this.#log.warn(line),
      );
    } catch (error) {
      this.#log.info({ error: String(error) }, "did not take over");
    }
  }
}

async function answers(url: URL): Promise<boolean> {
  await using wire = openWire(url);
  try {
    await new ServerApi(wire).health();
    return true;
  } catch {
    // Nobody there, or somebody else: hosting finds out which.
    return false;
  }
}

async function answersSoon(url: URL): Promise<boolean> {
  const end = performance.now() + STARTING_MS;
  while (performance.now() < end) {
    if (await answers(url)) return true;
    await sleep(100);
  }
  return false;
}
