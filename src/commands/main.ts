import { beforeDashes } from "./flags.ts";
import { UsageError, CommandError } from "./usage-error.ts";
import { VERSION } from "./version.ts";

const HELP = `backchat ${VERSION}
Chat rooms and live feeds in the terminal, over polling, long polling, SSE or WebSocket, swapped mid-session
without losing a message.

  backchat [chat] [URL]          the terminal UI; without URL on this machine's server, which it starts if there is none
  backchat serve                 the server alone
  backchat tail URL TOPIC…       follow topics without a UI
  backchat send URL TOPIC [TEXT] publish one text, or each line of standard input

backchat COMMAND --help explains a command.`;

type Command = {
  readonly run: (argv: readonly string[]) => Promise<number>;
  readonly help: string;
};

/** By name; loaded when it is used. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  chat: async () => {
    const { chat, CHAT_HELP } = await import("./chat.ts");
    return { run: chat, help: CHAT_HELP };
  },
  serve: async () => {
    const { serve, SERVE_HELP } = await import("./serve.ts");
    return { run: serve, help: SERVE_HELP };
  },
  tail: async () => {
    const { tail, TAIL_HELP } = await import("./tail.ts");
    return { run: tail, help: TAIL_HELP };
  },
  send: async () => {
    const { send, SEND_HELP } = await import("./send.ts");
    return { run: send, help: SEND_HELP };
  },
};

/**
 * Run a command line.
 * @returns the exit code: 0 done, 1 it can't be done, 2 it can't be understood
 */
export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads from us may go away first (`backchat --help | head -1`): that is no fault.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  try {
    const [first = "", ...rest] = argv;
    if (first === "--help" || first === "-h" || first === "help") {
      process.stdout.write(`${HELP}\n`);
      return 0;
    }
    if (first === "--version" || first === "-v") {
      process.stdout.write(`${VERSION}\n`);
      return 0;
    }
    const named = Object.hasOwn(COMMANDS, first);
    // A first word that is neither a flag nor an address is a mistyped command.
    if (!named && /^[a-z]+$/i.test(first) && first !== "localhost") {
      throw new UsageError(
        `unknown command ${JSON.stringify(first)}: expected ${Object.keys(COMMANDS).join(", ")}, or an address`,
      );
    }
    const command = await COMMANDS[named ? first : "chat"]!();
    const args = named ? rest : argv;
    if (beforeDashes(args).some((word) => word === "--help" || word === "-h")) {
      process.stdout.write(`${command.help}\n`);
      return 0;
    }
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError || error instanceof CommandError) {
      process.stderr.write(`backchat: ${error.message}\n`);
      return error instanceof UsageError ? 2 : 1;
    }
    // A fault of ours: one line for the person, all of it for whoever looks for it.
    process.stderr.write(
      `backchat: unexpected fault: ${error instanceof Error ? error.message : String(error)} (BACKCHAT_DEBUG=1 shows more)\n`,
    );
    if (process.env["BACKCHAT_DEBUG"] && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
    return 1;
  }
}
