// Several `backchat` of one user in terminals of their own: one of them hosts.
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { within } from "../client/support/wait.ts";
import { freePort } from "../support/free-port.ts";
import { run, type Run } from "../support/process.ts";
import { createSandbox, type Sandbox } from "../support/sandbox.ts";
import { openTerminal, type TestTerminal } from "../support/terminal.ts";

export const CLI = join(import.meta.dirname, "../../dist/cli.js");
export const CTRL_C = "\x03";

if (process.platform !== "linux") {
  throw new Error(
    "who hosts is read from /proc, which this system doesn't have: run these tests on Linux",
  );
}

/** One user's home folder and port, and the terminals in which they have started `backchat`. */
export class Household implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly #sandbox: Sandbox = createSandbox();
  readonly #opened: AsyncDisposable[] = [];

  constructor(port: number) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async make(): Promise<Household> {
    return new Household(await freePort());
  }

  get env(): Record<string, string> {
    const { env } = this.#sandbox;
    return Object.fromEntries(Object.entries(env).filter(([name]) => /^(HOME|XDG_)/.test(name)));
  }

  get state(): string {
    return join(this.#sandbox.home, "state", "backchat");
  }

  get database(): string {
    return join(this.state, "backchat.db");
  }

  /** Start `backchat` in a terminal. @param name undefined: whichever it gets */
  open(name: string | undefined, args: readonly string[] = [], port = this.port): TestTerminal {
    const terminal = openTerminal({
      command: process.execPath,
      args: [CLI, "--port", String(port), ...(name === undefined ? [] : ["--name", name]), ...args],
      env: this.env,
      cols: 100,
      rows: 30,
    });
    this.#opened.push(terminal);
    return terminal;
  }

  /** Start another command of backchat, without a terminal. */
  run(args: readonly string[], stdin: string | AsyncIterable<string> = ""): Run {
    const process = run(args, { env: this.env, stdin });
    this.#opened.push(process);
    return process;
  }

  /** Of these, those that listen on the port. */
  hosts<Process extends { readonly pid: number }>(processes: readonly Process[]): Process[] {
    return processes.filter(({ pid }) => listens(pid, this.port));
  }

  /** Processes that hold the lock on the database. */
  lockHolders(): Set<number> {
    const { ino } = statSync(`${this.database}-lock`);
    const lines = readFileSync("/proc/locks", "utf8").split("\n");
    const held = lines.filter((line) => line.includes(`:${ino} `) && line.includes(" WRITE "));
    return new Set(held.map((line) => Number(/WRITE +(\d+)/.exec(line)?.[1])));
  }

  /** The processes that have logged this, each time that they have. */
  logged(message: string): number[] {
    const lines = readFileSync(join(this.state, "server.log"), "utf8").trim().split("\n");
    const entries = lines
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { pid: number; msg: string });
    return entries.filter(({ msg }) => msg === message).map(({ pid }) => pid);
  }

  /** All texts of the room, as whoever comes now reads them. */
  async texts(count: number): Promise<string[]> {
    const args = ["tail", this.url, "room:lobby", "--since", "beginning", "--format", "json"];
    const { exited } = this.run([...args, "--count", String(count)]);
    const { stdout } = await within(20_000, `${count} events in the log`, exited);
    return textsIn(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.toReversed()) await opened[Symbol.asyncDispose]();
    this.#sandbox[Symbol.dispose]();
  }
}

/** The texts of a `tail` in JSON, in the order in which they came. */
export function textsIn(stdout: string): string[] {
  return stdout
    .split("\n")
    .filter((line) => line.startsWith('{"kind":"event"'))
    .map((line) => (JSON.parse(line) as { body: { text: string } }).body.text);
}

/** Resolves when a terminal's UI has a link in use. */
export function live(terminal: TestTerminal): Promise<string> {
  return terminal.waitFor(/ ● /, { timeout: 20_000, what: "a live link in the status bar" });
}

/** Type a message, and wait until it is acknowledged. */
export async function say(terminal: TestTerminal, text: string): Promise<void> {
  terminal.write(`${text}\r`);
  await sees(terminal, new RegExp(`${text} +✓`));
}

export function sees(terminal: TestTerminal, what: RegExp): Promise<string> {
  return terminal.waitFor(what, { timeout: 20_000 });
}

/** Kill with -9, as a crash: only this process, and wait until it is no more. */
export async function kill9(terminal: TestTerminal): Promise<void> {
  process.kill(terminal.pid, "SIGKILL");
  await within(5_000, "the end of a process that was killed", terminal.exited);
}

/** Print what was measured: nothing is asserted on it. @param since ms of the monotonic clock */
export function measured(what: string, since: number): void {
  process.stdout.write(`${what} after ${Math.round(performance.now() - since)} ms\n`);
}

function listens(pid: number, port: number): boolean {
  const inodes = listeningInodes(port);
  return openFiles(pid).some((file) => inodes.has(file));
}

function listeningInodes(port: number): Set<string> {
  const LISTEN = "0A";
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    readFileSync(file, "utf8").split("\n").slice(1),
  );
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const listening = fields.filter(
    ([, local, , state]) => local?.endsWith(`:${hex}`) && state === LISTEN,
  );
  return new Set(listening.map((row) => `socket:[${row[9]}]`));
}

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        // Closed meanwhile.
        return "";
      }
    });
  } catch {
    // The process has ended.
    return [];
  }
}
