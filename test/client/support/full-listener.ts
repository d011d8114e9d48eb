// A host whose packets are lost on the way: a listener whose queue is full, in a process that accepts nothing. Run by {@link fullListener}.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { atExit } from "../../support/sandbox.ts";

export interface FullListener extends AsyncDisposable {
  readonly url: URL;
}

/** So long without an answer means that none comes: on this machine one takes no time. */
const UNANSWERED_MS = 2_000;
/** More than any queue of one holds. */
const ENOUGH = 16;

/** Nobody answers who connects to it: no connection is made, none is refused. */
export async function fullListener(): Promise<FullListener> {
  const child: ChildProcess = spawn(process.execPath, [import.meta.filename], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const forget = atExit(() => child.kill("SIGKILL"));
  const sockets: Socket[] = [];
  const dispose = async () => {
    forget();
    for (const socket of sockets) socket.destroy();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  const [line] = (await once(createInterface(child.stdout as Readable), "line")) as [string];
  const port = Number(line);
  for (;;) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    const answer = await Promise.race([once(socket, "connect"), pause(UNANSWERED_MS)]);
    if (!answer) break;
    if (sockets.length < ENOUGH) continue;
    await dispose();
    throw new Error("this machine's kernel queues connections beyond what a listener asks for");
  }
  return { url: new URL(`http://127.0.0.1:${port}`), [Symbol.asyncDispose]: dispose };
}

if (process.argv[1] === import.meta.filename) {
  const server = createServer();
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1 });
  await once(server, "listening");
  writeSync(1, `${(server.address() as AddressInfo).port}\n`);
  // Nothing is accepted any more.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
