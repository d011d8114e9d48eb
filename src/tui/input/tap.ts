import type { Key } from "./key.ts";
import { feed, flush, KEYS_START, patience } from "./keys.ts";

/** What the tap needs of `process.stdin`. */
export type TapStdin = NodeJS.ReadableStream & {
  isTTY?: boolean;
  setRawMode?: (on: boolean) => unknown;
};

/** The one reader of the terminal's input. */
export interface Tap extends Disposable {
  /** Calls back for each key, in order; returns how to end that. Keys that came before the first subscriber wait for it. */
  subscribe(onKey: (key: Key) => void): () => void;
  /** Takes the terminal: raw mode and bracketed paste on. Does nothing when it is on already. */
  start(): void;
  /** Gives the terminal back as it was, e.g. around an editor; {@link start} takes it again. */
  stop(): void;
}

/** Keys that wait for the first subscriber; what is typed beyond is dropped. */
const MAX_WAITING = 1024;

const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

/**
 * Taps a terminal. Between {@link Tap.start} and {@link Tap.stop} nobody else may read `stdin`: give
 * Ink a quiet one. When the terminal goes away (end or error), a `closed` key is the last one.
 *
 * @param stdout where bracketed paste is switched; default: not at all
 */
export function createTap(stdin: TapStdin, stdout?: NodeJS.WritableStream): Tap {
  const subscribers = new Set<(key: Key) => void>();
  let waiting: Key[] = [];
  let state = KEYS_START;
  let timer: NodeJS.Timeout | undefined;
  let running = false;

  const emit = (keys: Key[]): void => {
    if (subscribers.size === 0) {
      waiting = [...waiting, ...keys].slice(0, MAX_WAITING);
      return;
    }
    for (const key of keys) for (const onKey of subscribers) onKey(key);
  };

  const settle = (): void => {
    clearTimeout(timer);
    const next = flush(state);
    state = next.state;
    emit(next.keys);
  };

  const onData = (chunk: Uint8Array | string): void => {
    clearTimeout(timer);
    const next = feed(state, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    state = next.state;
    const ms = patience(state);
    if (ms !== undefined) timer = setTimeout(settle, ms);
    emit(next.keys);
  };

  const onClosed = (): void => {
    release();
    emit([{ kind: "closed" }]);
  };

  const start = (): void => {
    if (running) return;
    running = true;
    if (stdin.isTTY) {
      stdin.setRawMode?.(true);
      stdout?.write(PASTE_ON);
    }
    stdin.on("data", onData).on("end", onClosed).on("error", onClosed);
    stdin.resume();
  };

  const stop = (): void => {
    if (!running) return;
    release();
    if (stdin.isTTY) {
      stdin.setRawMode?.(false);
      stdout?.write(PASTE_OFF);
    }
  };

  /** Stops reading. Leaves the modes alone: on a terminal that is gone, switching them fails. */
  const release = (): void => {
    running = false;
    settle();
    stdin.off("data", onData).off("end", onClosed).off("error", onClosed);
    stdin.pause();
  };

  return {
    subscribe(onKey) {
      subscribers.add(onKey);
      const held = waiting;
      waiting = [];
      emit(held);
      return () => void subscribers.delete(onKey);
    },
    start,
    stop,
    [Symbol.dispose]: stop,
  };
}
