import { once } from "node:events";
import type { Writable } from "node:stream";
import { CommandError } from "./usage-error.ts";

/** Lines to standard output that never pile up: whoever writes much waits for {@link room}. */
export class Output {
  readonly #stream: Writable;
  readonly #broken = Promise.withResolvers<void>();
  #fault: Error | undefined;

  constructor(stream: Writable = process.stdout) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader of our pipe has gone (`| head`): nobody is left to write to, and nothing is wrong.
      if (error.code !== "EPIPE") this.#fault ??= error;
      this.#broken.resolve();
    });
  }

  /** Resolves when nothing can be written any more. */
  get closed(): Promise<void> {
    return this.#broken.promise;
  }

  line(text: string): void {
    if (!this.#stream.destroyed) this.#stream.write(`${text}\n`);
  }

  /** Resolves as soon as more can be written without piling up. */
  async room(): Promise<void> {
    if (this.#stream.destroyed || !this.#stream.writableNeedDrain) return;
    await Promise.race([once(this.#stream, "drain").catch(() => {}), this.closed]);
  }

  /**
   * Resolves when all that was written has gone out, or the one that read it has gone.
   * @throws CommandError when it could not be written
   */
  async flush(): Promise<void> {
    if (!this.#stream.destroyed) {
      await Promise.race([
        new Promise<void>((resolve) => this.#stream.write("", () => resolve())),
        this.closed,
      ]);
    }
    if (this.#fault)
      throw new CommandError(`standard output can't be written: ${this.#fault.message}`, {
        cause: this.#fault,
      });
  }
}
