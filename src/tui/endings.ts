import { constants } from "node:os";

/** Everything that can end the UI besides its user. */
export interface Endings extends Disposable {
  /** Resolves at the first end; rejects if that was an error. */
  readonly ended: Promise<void>;
  /** End now; with an error if something went wrong. */
  readonly end: (error?: Error) => void;
  /** Call back should the process exit without a word. */
  onExit(callback: () => void): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Watches signals and uncaught errors: they end the UI instead of the process, so that the terminal is clean before anything is
 * printed. Warnings, which Node would write over the screen, are held back until then.
 */
export function endings(): Endings {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stack = new DisposableStack();
  const end = (error?: Error): void => (error ? reject(error) : resolve());
  const failed = (error: unknown): void =>
    end(error instanceof Error ? error : new Error(String(error)));
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      process.exitCode = 128 + constants.signals[signal];
      end();
    };
    process.on(signal, onSignal);
    stack.defer(() => void process.off(signal, onSignal));
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, failed);
    stack.defer(() => void process.off(event, failed));
  }
  stack.use(heldWarnings());
  return {
    ended: promise,
    end,
    onExit(callback) {
      process.on("exit", callback);
      stack.defer(() => void process.off("exit", callback));
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Warnings that are kept; of more there is only the number. */
const MAX_WARNINGS = 20;

function heldWarnings(): Disposable {
  const before = process.listeners("warning");
  const held: Error[] = [];
  const hold = (warning: Error): void => {
    if (held.length < MAX_WARNINGS) held.push(warning);
  };
  process.removeAllListeners("warning");
  process.on("warning", hold);
  return {
    [Symbol.dispose]() {
      process.off("warning", hold);
      for (const listener of before) process.on("warning", listener);
      for (const warning of held) process.emitWarning(warning);
    },
  };
}
