// A server in a process of its own: it has its own clock, and can be killed. Run by {@link spawnServer}.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { atExit, type Environment } from "../../support/sandbox.ts";
import { serve, type TestServerOptions } from "./server.ts";

export interface ServerProcess extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** As an administrator stops it: links are told. */
  stop(): Promise<void>;
  /** As a crash. */
  kill9(): Promise<void>;
}

/** @param env laid over this process's environment */
export async function spawnServer(
  options: TestServerOptions = {},
  env: Environment = {},
): Promise<ServerProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    [import.meta.filename, JSON.stringify(options)],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...env },
    },
  );
  const forget = atExit(() => child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout as Readable), "line")) as [string];
  const url = new URL(line);
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    forget();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  const stop = () => end("SIGTERM");
  const kill9 = () => end("SIGKILL");
  return { url, port: Number(url.port), stop, kill9, [Symbol.asyncDispose]: kill9 };
}

if (process.argv[1] === import.meta.filename) {
  const server = await serve(JSON.parse(process.argv[2]!) as TestServerOptions);
  process.once("SIGTERM", () => void server.stop().then(() => process.exit()));
  process.stdout.write(`${server.url.href}\n`);
}
