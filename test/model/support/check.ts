import fc from "fast-check";

export interface ModelOptions {
  /** Which file a replay runs. */
  readonly file: string;
  /** Runs if `MODEL_RUNS` doesn't say; it counts in units of this. */
  readonly runs: number;
  /** No run begins after so many ms, unless `MODEL_SECONDS` says otherwise. */
  readonly ms: number;
  /** A failure is shrunk for so many ms. */
  readonly shrinkMs: number;
  /** How often a script is tried while it is shrunk, and ten times that when it is played again: what fails by luck may pass the first time. @default 1 */
  readonly tries?: number;
}

const { MODEL_SEED, MODEL_PATH, MODEL_REPLAY, MODEL_RUNS, MODEL_SECONDS } = process.env;

/** Not the clock that a test may advance by hand. */
const realNow = performance.now.bind(performance);

/** What a replay of scripts needs, beside seed and path. */
export const REPLAY = MODEL_REPLAY === undefined ? {} : { replayPath: MODEL_REPLAY };

/**
 * Check a property of scripts with a random seed, which is printed. What fails is shrunk to a short script, for a bounded time, and told with how
 * to play it again.
 */
export async function checkScripts<Script>(
  scripts: fc.Arbitrary<Script>,
  play: (script: Script, count: (what: string, more?: number) => void) => void | Promise<void>,
  options: ModelOptions,
): Promise<void> {
  const seed = MODEL_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(MODEL_SEED);
  const start = realNow();
  const ms = MODEL_SECONDS === undefined ? options.ms : Number(MODEL_SECONDS) * 1_000;
  let failedAt: number | undefined;
  let played = 0;
  const counts = new Map<string, number>();
  const count = (what: string, more = 1) => counts.set(what, (counts.get(what) ?? 0) + more);
  const property = fc.asyncProperty(scripts, async (script) => {
    const now = realNow();
    // What isn't played any more passes.
    if (failedAt === undefined ? now - start > ms : now - failedAt > options.shrinkMs) return;
    const { tries = 1 } = options;
    const turns = MODEL_PATH !== undefined ? 10 * tries : failedAt === undefined ? 1 : tries;
    for (let turn = 0; turn < turns; turn++) {
      played += 1;
      try {
        await play(script, count);
      } catch (error) {
        failedAt ??= realNow();
        throw error;
      }
    }
  });
  const details = await fc.check(property, {
    seed,
    numRuns: options.runs * Number(MODEL_RUNS ?? 1),
    ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH, endOnFailure: true, numRuns: 1 }),
  });
  const seconds = Math.round((realNow() - start) / 100) / 10;
  const counted = Array.from(counts, ([what, times]) => `, ${what} ${times}`).join("");
  process.stdout.write(
    `${options.file}: MODEL_SEED=${seed}, ${played} scripts in ${seconds} s${counted}\n`,
  );
  if (details.failed)
    throw new Error(report(details, options.file), { cause: details.errorInstance });
}

function report<Script>(details: fc.RunDetails<[Script]>, file: string): string {
  const { counterexample, counterexamplePath, seed, numShrinks, errorInstance } = details;
  const text = fc.stringify(counterexample?.[0]);
  const [, script = text, replay] = /^(.*?)(?: \/\*replayPath="(.*)"\*\/)?$/s.exec(text) ?? [];
  const lines = script.split(/,(?=[A-Z])/).map((line) => `  ${line}`);
  const env = [`MODEL_SEED=${seed}`, `MODEL_PATH=${counterexamplePath}`];
  if (replay !== undefined) env.push(`MODEL_REPLAY='${replay}'`);
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    reason,
    `after this script (shrunk ${numShrinks} times):`,
    ...lines,
    `again: ${env.join(" ")} vitest run ${file}`,
  ].join("\n");
}
