import { spawn } from "node:child_process";
import { join } from "node:path";
import { Readable } from "node:stream";
import { atExit, createSandbox } from "./sandbox.ts";
import type { Environment, ExitStatus } from "./sandbox.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");

export interface RunOptions {
  /** Written to standard input, which is then closed. Without it standard input is empty. */
  readonly stdin?: string | AsyncIterable<string>;
  /** Laid over the sandbox's environment. */
  readonly env?: Environment;
  /** Ends the program with SIGTERM. */
  readonly signal?: AbortSignal;
  /** What to run instead of `dist/cli.js`. */
  readonly script?: string;
  /** A command that becomes the program: `nsenter … --` */
  readonly launcher?: readonly string[];
}

export type Finished = ExitStatus & { readonly stdout: string; readonly stderr: string };

/** One run of `backchat` without a terminal. */
export interface Run extends AsyncDisposable {
  readonly pid: number;
  /** The program's home folder. */
  readonly home: string;
  /**
   * Standard output by lines, as they come. A line is given once: a loop that is left can be
   * followed by another, which goes on with the next line. One loop at a time.
   */
  readonly lines: AsyncIterable<string>;
  /** Settles when the program has ended and its output is complete, whatever its exit code. */
  readonly exited: Promise<Finished>;
  /** Everything written so far. */
  stdout(): string;
  stderr(): string;
  /** Default SIGTERM. */
  kill(signal?: NodeJS.Signals): void;
}

/** Starts `node dist/cli.js` with these arguments, in a home folder of its own. */
export function run(args: readonly string[], options: RunOptions = {}): Run {
  const { stdin = "", env, signal, script = cli, launcher = [] } = options;
  const sandbox = createSandbox(env);
  const [command = process.execPath, ...rest] = [...launcher, process.execPath, script, ...args];
  const child = spawn(command, rest, { env: sandbox.env });
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${command}`);

  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines = readLines(child.stdout);

  // A program may end before it has read its input.
  child.stdin.on("error", () => {});
  Readable.from(typeof stdin === "string" ? [stdin] : stdin).pipe(child.stdin);

  const kill = (name: NodeJS.Signals = "SIGTERM") => void child.kill(name);
  const abort = () => kill();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const forget = atExit(() => kill("SIGKILL"));
  const exited = new Promise<Finished>((resolve) => {
    child.on("close", (code, name) => {
      forget();
      signal?.removeEventListener("abort", abort);
      resolve({ ...endedBy(code, name), stdout, stderr });
    });
  });

  return {
    pid,
    home: sandbox.home,
    lines,
    exited,
    kill,
    stdout: () => stdout,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await exited;
      sandbox[Symbol.dispose]();
    },
  };
}

export interface ServerOptions {
  /** The database file. Without one the server runs with `--memory`. */
  readonly db?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** More arguments for `serve`. */
  readonly args?: readonly string[];
  /** Laid over the sandbox's environment. */
  readonly env?: Environment;
  /** What to run instead of `dist/cli.js`. */
  readonly script?: string;
  /** A command that becomes the program. */
  readonly launcher?: readonly string[];
  /** Milliseconds until it must accept connections, default 15,000. */
  readonly timeout?: number;
}

/** A server process that accepts connections. */
export interface ServerProcess extends AsyncDisposable {
  /** `http://HOST:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** SIGTERM, as an administrator stops it; gives the exit code. Throws unless it has ended by itself within 10 s. */
  stop(): Promise<number>;
  /** SIGKILL, as a crash: nothing is flushed or said to anyone. */
  kill9(): Promise<void>;
}

/** Starts `backchat serve` and waits until it says that it listens. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const { db, port = 0, args = [], timeout = 15_000, ...rest } = options;
  const store = db === undefined ? ["--memory"] : ["--db", db];
  const child = run(["serve", "--port", String(port), ...store, ...args], rest);
  const url = await listening(child, timeout);
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    stdout: child.stdout,
    stderr: child.stderr,
    async stop() {
      child.kill("SIGTERM");
      const { code, signal } = await endsWithin(child, 10_000);
      if (code === null)
        throw new Error(`serve ended by ${signal} when asked to stop\n${child.stderr()}`);
      return code;
    },
    async kill9() {
      child.kill("SIGKILL");
      await child.exited;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function listening(child: Run, timeout: number): Promise<string> {
  const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
  try {
    for await (const line of child.lines) {
      const url = /^backchat listening on (http:\/\/\S+)$/.exec(line)?.[1];
      if (url !== undefined) return url;
    }
  } finally {
    clearTimeout(timer);
  }
  const { code, signal, stdout, stderr } = await child.exited;
  await child[Symbol.asyncDispose]();
  const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
  throw new Error(`serve ${how} before it listened (${timeout} ms allowed)\n${stdout}${stderr}`);
}

async function endsWithin(child: Run, timeout: number): Promise<Finished> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeout);
  const finished = await child.exited.finally(() => clearTimeout(timer));
  if (late) throw new Error(`serve did not end within ${timeout} ms\n${finished.stderr}`);
  return finished;
}

/** Node gives a code or a signal, never both or neither. */
function endedBy(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  if (signal !== null) return { code: null, signal };
  return { code: code ?? 0, signal: null };
}

function readLines(stream: Readable): AsyncIterable<string> {
  const ready: string[] = [];
  let rest = "";
  let ended = false;
  let news = Promise.withResolvers<void>();
  stream.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) ready.push(line);
    news.resolve();
  });
  stream.on("close", () => {
    if (rest !== "") ready.push(rest);
    ended = true;
    news.resolve();
  });
  return {
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const line = ready.shift();
        if (line !== undefined) yield line;
        else if (ended) return;
        else {
          news = Promise.withResolvers();
          await news.promise;
        }
      }
    },
  };
}
