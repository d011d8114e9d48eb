import { pino } from "pino";
import { SERVER_TRANSPORTS } from "../../../src/commands/transports.ts";
import { type RunningServer, startServer } from "../../../src/server/server.ts";

export interface TestServer extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** As an administrator stops it: links are told. */
  stop(): Promise<void>;
}

export interface TestServerOptions {
  readonly port?: number;
  readonly database?: string;
  readonly retain?: number;
  /** ms */
  readonly heartbeat?: number;
  readonly maxLinks?: number;
}

/** A server of one's own in this process, on a free port. */
export async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const { port = 0, database, retain = 100_000, heartbeat, maxLinks } = options;
  const server: RunningServer = await startServer({
    host: "127.0.0.1",
    port,
    database,
    retain,
    transports: SERVER_TRANSPORTS,
    feed: undefined,
    log: pino({ level: "silent" }),
    version: "0.0.0-test",
    ...(heartbeat === undefined ? {} : { heartbeat }),
    ...(maxLinks === undefined ? {} : { maxLinks }),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= server.stop());
  const url = new URL(server.url);
  return { url, port: Number(url.port), stop, [Symbol.asyncDispose]: stop };
}
