import { Readable } from "node:stream";

/** A terminal that never says anything. */
export interface QuietStdin extends Readable {
  readonly isTTY: true;
  setRawMode(on: boolean): this;
  ref(): this;
  unref(): this;
}

/**
 * The `stdin` to give to Ink: the tap reads the real one, and Ink must neither compete for its bytes
 * nor touch its modes. Calls itself a terminal, so that Ink components that ask for raw mode work.
 * Ink's `suspendTerminal` doesn't reach the real terminal through it: stop the tap around it.
 */
export function quietStdin(): QuietStdin {
  const stream = new Readable({ read: () => undefined });
  const self = (): QuietStdin => quiet;
  const quiet: QuietStdin = Object.assign(stream, {
    isTTY: true as const,
    setRawMode: self,
    ref: self,
    unref: self,
  });
  return quiet;
}
