import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSandbox, type Environment } from "../support/sandbox.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The wall clock of processes that are started with {@link env}, to be set while they run. */
export interface WallClock extends Disposable {
  readonly env: Environment;
  /** @param by ms, how far it is from the machine's */
  set(by: number): void;
}

export function createWallClock(): WallClock {
  const sandbox = createSandbox();
  const file = join(sandbox.home, "offset");
  const set = (by: number) => {
    // At once: nobody reads half of it.
    writeFileSync(`${file}.new`, String(by));
    renameSync(`${file}.new`, file);
  };
  set(0);
  const preload = new URL("clock.ts", import.meta.url).href;
  return {
    env: { NODE_OPTIONS: `--import ${preload}`, CLOCK_FILE: file },
    set,
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}
