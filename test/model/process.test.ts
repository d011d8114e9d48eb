// Real sessions, each through a proxy that does harm, to a real server process that is stopped and killed.
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, test, vi } from "vitest";
import { checkScripts, REPLAY } from "./support/check.ts";
import { emptyModel, type Step } from "./support/command.ts";
import { commonSteps, harm, outages, settle } from "./support/commands.ts";
import { HARMS, Host, SocketWorld } from "./support/socket-world.ts";
import { countAll } from "./support/world.ts";

const steps: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  ...commonSteps(60),
  { weight: 8, arbitrary: harm(...Object.keys(HARMS)) },
  ...outages("stop", "kill"),
];

let host: Host;

beforeAll(async () => {
  host = await Host.start();
});

afterAll(() => host[Symbol.asyncDispose]());

beforeEach(() => {
  // Listeners throw here on purpose.
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

test(
  "each session sees exactly the log, and what was acknowledged is in it once, whatever happens to connections and the server",
  { timeout: 3_600_000 },
  async () => {
    const scripts = fc.commands([fc.oneof(...steps)], { maxCommands: 40, size: "max", ...REPLAY });
    await checkScripts(
      scripts,
      async (script, count) => {
        const world = await SocketWorld.start(host);
        try {
          await fc.asyncModelRun(() => ({ model: emptyModel(), real: world }), script);
          await settle(world);
        } finally {
          for (const { path } of world.seats) await path.heal();
          countAll(world, count);
          await world.end();
        }
      },
      { file: "test/model/process.test.ts", runs: 15, ms: 35_000, shrinkMs: 60_000, tries: 2 },
    );
  },
);
