import type { ColorDepth } from "./view/paint.ts";

/** The terminal as Ink is to see it. */
export interface Stage extends Disposable {
  readonly stream: NodeJS.WriteStream;
  readonly colors: ColorDepth;
  size(): { readonly columns: number; readonly rows: number };
  /** Blank the terminal: what was drawn is gone. */
  wipe(): void;
}

const WIPE = "\x1b[0m\x1b[H\x1b[2J";

/**
 * Ink draws the old tree once more when the terminal's size changes, too large for it and scrolling it. So it doesn't hear of that:
 * `resized` is told instead, makes the new tree, and has all of it drawn.
 *
 * @param gone the terminal can't be written to any more
 */
export function createStage(
  stdout: NodeJS.WriteStream,
  resized: () => void,
  gone: (error: Error) => void,
): Stage {
  stdout.on("resize", resized).on("error", gone);
  const deaf =
    (target: NodeJS.WriteStream, method: "on" | "off") =>
    (event: string, listener: (...args: unknown[]) => void): NodeJS.WriteStream => {
      if (event !== "resize") target[method](event, listener);
      return stream;
    };
  const stream: NodeJS.WriteStream = new Proxy(stdout, {
    get(target, key) {
      if (key === "on" || key === "off") return deaf(target, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return {
    stream,
    colors: (stdout.getColorDepth?.() ?? 1) as ColorDepth,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    wipe: () => void stdout.write(WIPE),
    [Symbol.dispose]() {
      stdout.off("resize", resized);
      // An error may still come of what was written last: it isn't worth more than the end it has caused.
      if (!stdout.destroyed) stdout.off("error", gone);
    },
  };
}
