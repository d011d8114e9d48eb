import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Client } from "undici";
import { z } from "zod";
import { type ServerOptions, type ServerProcess, startServer } from "../../support/process.ts";
import { createSandbox } from "../../support/sandbox.ts";

export const MIB = 1024 * 1024;

const usage = z.object({
  rss: z.number(),
  heapUsed: z.number(),
  heapTotal: z.number(),
  external: z.number(),
  arrayBuffers: z.number(),
});
const report = z.object({ now: usage, peak: usage, resources: z.array(z.string()) });

/** `now`: after a garbage collection · `peak`: the highest since the last time it was asked, with whatever was garbage. */
export type Report = z.infer<typeof report>;

/** A `backchat serve` process whose memory can be looked into. */
export interface MeasuredServer extends ServerProcess {
  memory(): Promise<Report>;
  /** Links that are open, by `/healthz`. */
  links(): Promise<number>;
}

export async function startMeasured(options: ServerOptions = {}): Promise<MeasuredServer> {
  const sandbox = createSandbox();
  const socketPath = join(sandbox.home, "probe.sock");
  const probe = pathToFileURL(join(import.meta.dirname, "probe.ts")).href;
  const server = await startServer({
    ...options,
    env: { ...options.env, NODE_OPTIONS: `--import=${probe}`, BACKCHAT_PROBE: socketPath },
  });
  const ask = new Client("http://probe", { socketPath });
  const health = new Client(server.url);
  const get = async (client: Client, path: string) => {
    const { body } = await client.request({ method: "GET", path });
    return body.json();
  };
  return {
    ...server,
    memory: async () => report.parse(await get(ask, "/")),
    links: async () => z.object({ links: z.number() }).parse(await get(health, "/healthz")).links,
    async [Symbol.asyncDispose]() {
      await Promise.all([ask.destroy(), health.destroy()]);
      await server[Symbol.asyncDispose]();
      sandbox[Symbol.dispose]();
    },
  };
}

/** What is in use after a collection: objects and buffers. RSS also holds what the allocator keeps for later. */
export function inUse({ now }: Report): number {
  return now.heapUsed + now.external;
}

/** The figures in MiB, for people. */
export function inMib(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, bytes]) => `${name} ${(bytes / MIB).toFixed(1)}`)
    .join(" · ");
}
