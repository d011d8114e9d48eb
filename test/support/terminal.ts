import { constants } from "node:os";
import { inspect } from "node:util";
import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { atExit, createSandbox } from "./sandbox.ts";
import type { Environment, ExitStatus } from "./sandbox.ts";

export interface TerminalOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Default 100. */
  readonly cols?: number;
  /** Default 30. */
  readonly rows?: number;
  /** Laid over the sandbox's environment. */
  readonly env?: Environment;
  readonly cwd?: string;
}

export interface WaitOptions {
  /** Milliseconds, default 10,000. */
  readonly timeout?: number;
  /** What is waited for, in words, for the error. */
  readonly what?: string;
}

/** A program in a real pseudoterminal, and the screen that a person would see. */
export interface TestTerminal extends AsyncDisposable {
  readonly pid: number;
  /** The program's home folder. */
  readonly home: string;
  /** Settles once the program has ended and the screen shows all that it wrote. */
  readonly exited: Promise<ExitStatus>;
  /** Types. Enter is `\r`, Ctrl+C is `\x03`. */
  write(text: string): void;
  resize(cols: number, rows: number): void;
  /** The visible rows, blanks at their ends trimmed. */
  screen(): string[];
  /** Whether the program has switched to the alternate screen. */
  alternateScreen(): boolean;
  /**
   * Waits until the screen's text (rows joined by newlines) matches, and gives that text. Looks
   * each time output was drawn. An error shows the screen: after the timeout, or as soon as
   * the program has ended without a match.
   */
  waitFor(match: RegExp | ((text: string) => boolean), options?: WaitOptions): Promise<string>;
  /** Signals the program and all that it started in this terminal. Default SIGTERM. */
  kill(signal?: NodeJS.Signals): void;
}

export function openTerminal(options: TerminalOptions): TestTerminal {
  const { command, args = [], cols = 100, rows = 30 } = options;
  const sandbox = createSandbox(options.env);
  const display = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  const child = spawn(command, [...args], {
    name: "xterm-256color",
    cols,
    rows,
    env: sandbox.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });

  let ended: ExitStatus | undefined;
  const lookers = new Set<() => void>();
  const lookAgain = () => {
    for (const look of lookers) look();
  };
  child.onData((output) => display.write(output, lookAgain));
  display.onData((reply) => {
    if (!ended) child.write(reply);
  });

  const kill = (signal: NodeJS.Signals = "SIGTERM") => {
    if (!ended) signalGroup(child.pid, signal);
  };
  const forget = atExit(() => kill("SIGKILL"));
  const exited = new Promise<ExitStatus>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      forget();
      const status = exitStatus(exitCode, signal);
      display.write("", () => {
        ended = status;
        resolve(status);
        lookAgain();
      });
    });
  });

  const screen = () => {
    const { active } = display.buffer;
    return Array.from(
      { length: display.rows },
      (_, row) =>
        active
          .getLine(active.baseY + row)
          ?.translateToString()
          .trimEnd() ?? "",
    );
  };

  return {
    pid: child.pid,
    home: sandbox.home,
    exited,
    screen,
    kill,
    write: (text) => child.write(text),
    resize(newCols, newRows) {
      display.resize(newCols, newRows);
      child.resize(newCols, newRows);
    },
    alternateScreen: () => display.buffer.active.type === "alternate",

    async waitFor(match, { timeout = 10_000, what = inspect(match) } = {}) {
      const matches =
        typeof match === "function" ? match : (text: string) => text.search(match) >= 0;
      const { promise, resolve, reject } = Promise.withResolvers<"found" | "ended" | "late">();
      const look = () => {
        try {
          if (matches(screen().join("\n"))) resolve("found");
          else if (ended) resolve("ended");
        } catch (error) {
          reject(error);
        }
      };
      const timer = setTimeout(() => resolve("late"), timeout);
      lookers.add(look);
      look();
      const outcome = await promise.finally(() => {
        clearTimeout(timer);
        lookers.delete(look);
      });
      if (outcome === "found") return screen().join("\n");
      const why =
        outcome === "late"
          ? `nothing of it in ${timeout} ms`
          : `the program ended: ${inspect(ended)}`;
      throw new Error(`waited for ${what}: ${why}. The screen:\n${framed(screen(), display.cols)}`);
    },

    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await exited;
      display.dispose();
      sandbox[Symbol.dispose]();
    },
  };
}

/** A program in a terminal leads a process group of its own. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function exitStatus(code: number, signalNumber = 0): ExitStatus {
  const named = Object.entries(constants.signals).find(([, number]) => number === signalNumber);
  if (!named) return { code, signal: null };
  return { code: null, signal: named[0] as NodeJS.Signals };
}

function framed(rows: readonly string[], cols: number): string {
  const edge = `+${"-".repeat(cols)}+`;
  return [edge, ...rows.map((row) => `|${row}`), edge].join("\n");
}
