import { type AddressInfo, isIPv6 } from "node:net";
import type { Logger } from "pino";
import { DEFAULT_HEARTBEAT_MS } from "../protocol/limits.ts";
import type { ServerTransport } from "../transports/transport.ts";
import { now } from "./clock.ts";
import type { FeedSource } from "./feeds/feed.ts";
import { mountApi } from "./http/api.ts";
import { isLoopback, originGuard } from "./http/guard.ts";
import { Router } from "./http/router.ts";
import { Hub } from "./hub.ts";
import { Nicks } from "./nicks.ts";
import { MemoryStore } from "./store/memory.ts";
import { openSqlite } from "./store/sqlite.ts";

export interface ServerOptions {
  /** Address to listen on. Loopback by default: there are no passwords. */
  readonly host: string;
  /** 0: a free one */
  readonly port: number;
  /** Where rooms are kept; undefined: in memory, for as long as the server runs. */
  readonly database: string | undefined;
  /** Events kept in each room. */
  readonly retain: number;
  readonly transports: readonly ServerTransport[];
  /** Where the prices of `feed:market` come from; undefined: there are none. */
  readonly feed: FeedSource | undefined;
  readonly log: Logger;
  readonly version: string;
  /** ms @default 15000 */
  readonly heartbeat?: number;
  /** How long to wait for another server that is letting go of the database, ms @default 0 */
  readonly patience?: number;
  /** Links at once @default 50000 */
  readonly maxLinks?: number;
}

export interface RunningServer {
  readonly url: string;
  /** Stop: tell each link, answer what is open, commit, close. Bounded by a few seconds. */
  stop(): Promise<void>;
}

const MAX_LINKS = 50_000;
/** How long open answers may take to be sent when the server stops, in ms. */
const STOP_MS = 3_000;

/**
 * Start a server. Resolves when it accepts connections.
 * @throws StoreError; or the system's error when the address can't be listened on
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, database, retain, transports, feed, log } = options;
  const failed = (error: unknown) => log.error(error instanceof Error ? error : { error }, "fault");
  const router = new Router(originGuard(isLoopback(isIPv6(host) ? `[${host}]` : host)), failed);
  // The port first: it is what decides which of two starting servers it is.
  await listen(router, host, port);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => router.close());
  const store = stack.use(
    database === undefined
      ? new MemoryStore(retain)
      : await openSqlite(database, retain, options.patience),
  );
  const nicks = stack.use(await Nicks.load(store, failed));
  const heartbeat = options.heartbeat ?? DEFAULT_HEARTBEAT_MS;
  const maxLinks = options.maxLinks ?? MAX_LINKS;
  const hub = stack.use(new Hub({ store, nicks, heartbeat, maxLinks, failed }));
  for (const transport of transports) transport.mount(router, hub);
  mountApi(router, hub, store, options.version);
  const aborter = new AbortController();
  const feeding = feed ? runFeed(hub, feed, aborter.signal).catch(failed) : Promise.resolve();
  router.ready();

  const resources = stack.move();
  const address = router.server.address() as AddressInfo;
  const url = `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
  log.info({ url, database: database ?? "memory", feed: feed?.label ?? "none" }, "listening");
  const stop = async () => {
    log.info("stopping");
    aborter.abort();
    await feeding;
    const closed = new Promise<void>((resolve) => void router.server.close(() => resolve()));
    await hub.drain();
    router.server.closeIdleConnections();
    const timer = setTimeout(() => router.close(), STOP_MS);
    await closed;
    clearTimeout(timer);
    await resources.disposeAsync();
    log.info("stopped");
  };
  let stopping: Promise<void> | undefined;
  return { url, stop: () => (stopping ??= stop()) };
}

async function listen({ server }: Router, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, () => resolve());
  await promise;
  server.off("error", reject);
}

async function runFeed(hub: Hub, feed: FeedSource, signal: AbortSignal): Promise<void> {
  const topic = hub.topics.feed("feed:market");
  topic.from = feed.label;
  await feed.run((ticks) => {
    const at = now();
    hub.announce(
      topic,
      ticks.map((tick) => ({ key: tick.symbol, at, body: JSON.stringify(tick) })),
    );
  }, signal);
}
