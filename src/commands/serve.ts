import { once } from "node:events";
import { describeFlags, parseFlags } from "./flags.ts";
import { openLog } from "./log.ts";
import { host, SERVE_FLAGS } from "./serve-flags.ts";
import { UsageError } from "./usage-error.ts";

export const SERVE_HELP = `backchat serve
The server alone. Prints one line when it accepts connections; logs go to stderr. SIGTERM or Ctrl+C stops it in order.

${describeFlags(SERVE_FLAGS)}

  backchat serve --feed replay:stocks.csv --feed-speed 2`;

/** `backchat serve`. @throws UsageError, CommandError */
export async function serve(argv: readonly string[]): Promise<number> {
  const { input, flags } = parseFlags("serve", SERVE_FLAGS, argv);
  if (input.length > 0)
    throw new UsageError(`backchat serve takes no arguments, got ${JSON.stringify(input[0])}`);
  const log = openLog(2, { base: null });
  // Listened for from the start: whoever reads the line may send the signal at once.
  const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const server = await host(flags, log, (line) => void process.stderr.write(`${line}\n`));
  process.stdout.write(`backchat listening on ${server.url}\n`);
  await stopped;
  await server.stop();
  return 0;
}
