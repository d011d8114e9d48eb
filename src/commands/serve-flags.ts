import { join } from "node:path";
import type { Logger } from "pino";
import { FeedError } from "../server/feeds/feed-error.ts";
import { openFeed } from "../server/feeds/feed.ts";
import { type RunningServer, startServer } from "../server/server.ts";
import { StoreError } from "../server/store/store.ts";
import type { Flags, Values } from "./flags.ts";
import { stateFolder } from "./state-folder.ts";
import { SERVER_TRANSPORTS } from "./transports.ts";
import { CommandError, UsageError } from "./usage-error.ts";
import { VERSION } from "./version.ts";

/** Flags of whoever hosts a server. */
export const SERVE_FLAGS = {
  host: {
    type: "text",
    value: "ADDRESS",
    help: "the address to listen on; other than loopback, anybody who reaches it may join",
    default: "127.0.0.1",
  },
  port: {
    type: "number",
    value: "PORT",
    help: "the port to listen on, 0 for a free one",
    default: 4400,
    max: 65_535,
  },
  db: {
    type: "text",
    value: "FILE",
    help: "where rooms are kept; without it, in your state folder",
  },
  memory: { type: "switch", help: "keep rooms in memory only" },
  retain: {
    type: "number",
    value: "N",
    help: "events kept in each room",
    default: 10_000,
    min: 1,
    max: 100_000_000,
  },
  heartbeat: {
    type: "number",
    value: "SECONDS",
    help: "no stream is silent for longer, and who is silent for two of them is gone; give less than the idle limit of a proxy in front",
    default: 15,
    min: 1,
    max: 60,
    fractions: true,
  },
  feed: {
    type: "text",
    value: "SOURCE",
    help: "prices of feed:market: sim (simulated), replay:FILE (a CSV) or none",
    default: "sim",
  },
  feedSpeed: {
    type: "number",
    value: "N",
    help: "how fast: dates a second of a replay, times the usual rate of the simulation",
    default: 1,
    max: 1_000,
    fractions: true,
  },
  feedSymbol: {
    type: "text",
    value: "NAME",
    help: "whose prices a file of daily rows (date,open,high,low,close) holds",
  },
  feedSeed: {
    type: "number",
    value: "N",
    help: "decides the simulated prices",
    max: 4_294_967_295,
  },
} as const satisfies Flags;

/**
 * Start a server as the flags say.
 * @param patience how long to wait for another server that is letting go of the database, in ms @default 0
 * @throws UsageError, CommandError; HostTaken where something else listens on the port
 */
export async function host(
  flags: Values<typeof SERVE_FLAGS>,
  log: Logger,
  warn: (line: string) => void,
  patience = 0,
): Promise<RunningServer> {
  if (flags.memory && flags.db !== undefined)
    throw new UsageError("--memory and --db exclude each other: give one of them");
  try {
    const feed = await openFeed(flags.feed, {
      speed: flags.feedSpeed,
      symbol: flags.feedSymbol,
      seed: flags.feedSeed,
      warn,
    });
    return await startServer({
      host: flags.host,
      port: flags.port,
      database: flags.memory ? undefined : (flags.db ?? join(stateFolder(), "backchat.db")),
      retain: flags.retain,
      transports: SERVER_TRANSPORTS,
      feed,
      log,
      version: VERSION,
      patience,
      heartbeat: flags.heartbeat * 1000,
    });
  } catch (error) {
    throw explain(error, flags);
  }
}

/** Another program listens on the address. */
export class HostTaken extends CommandError {}

function explain(error: unknown, { host: address, port }: { host: string; port: number }): unknown {
  if (error instanceof FeedError) return new UsageError(error.message, { cause: error });
  if (error instanceof StoreError) {
    const advice =
      error.code === "locked" ? ": stop that one, or give another file with --db, or --memory" : "";
    return new CommandError(`${error.message}${advice}`, { cause: error });
  }
  const { code } = error as NodeJS.ErrnoException;
  const where = `${address}:${port}`;
  if (code === "EADDRINUSE")
    return new HostTaken(`${where} is in use: stop what listens there, or give another --port`, {
      cause: error,
    });
  if (code === "EACCES")
    return new CommandError(`${where} may not be listened on: give a --port above 1023`, {
      cause: error,
    });
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new CommandError(`${address} is no address of this machine: give another --host`, {
      cause: error,
    });
  }
  return error;
}
