import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Variables to add to a child's environment; `undefined` takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Sandbox extends Disposable {
  /** A folder of its own, removed with the sandbox. */
  readonly home: string;
  readonly env: Record<string, string>;
}

/** How a child ended: by itself with a code, or by a signal. */
export type ExitStatus =
  | { readonly code: number; readonly signal: null }
  | { readonly code: null; readonly signal: NodeJS.Signals };

const inherited = ["PATH", "TMPDIR", "TZ", "NODE_V8_COVERAGE"];

/**
 * A home folder and an environment that know nothing of the machine or of the test runner: no CI,
 * which turns Ink's drawing off, no NODE_ENV, no settings of whoever runs the tests.
 */
export function createSandbox(extra: Environment = {}): Sandbox {
  const home = mkdtempSync(join(tmpdir(), "backchat-test-"));
  const env: Record<string, string> = {};
  const add = (variables: Environment) => {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  };
  add(Object.fromEntries(inherited.map((name) => [name, process.env[name]])));
  add({
    HOME: home,
    LANG: "C.UTF-8",
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_RUNTIME_DIR: join(home, "run"),
    XDG_STATE_HOME: join(home, "state"),
  });
  add(extra);

  const remove = () => rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  const forget = atExit(remove);
  return {
    home,
    env,
    [Symbol.dispose]() {
      forget();
      remove();
    },
  };
}

const leftovers = new Set<() => void>();
process.on("exit", () => {
  for (const cleanUp of leftovers) cleanUp();
});

/** Runs `cleanUp` when this process exits, so that a failed test leaves nothing; the function returned cancels it. */
export function atExit(cleanUp: () => void): () => void {
  leftovers.add(cleanUp);
  return () => leftovers.delete(cleanUp);
}
