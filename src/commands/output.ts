import { once } from "node:events";
import type { Writable } from "node:stream";

/** Lines to standard output that never pile up: whoever writes much waits for {@link room}. */
export class Output {
  readonly #stream: Writable;
  readonly closed: Promise<void>;

  constructor(stream: Writable = process.stdout) {
    this.#stream = stream;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    // The reader of our pipe has gone (`| head`): nobody is left to write to.
    stream.on("error", () => resolve());
  }

  line(text: string): void {
    if (!this.#stream.destroyed) this.#stream.write(`${text}\n`);
  }

  /** Resolves as soon as more can be written without piling up. */
  async room(): Promise<void> {
    if (this.#stream.destroyed || !this.#stream.writableNeedDrain) return;
    await Promise.race([once(this.#stream, "drain"), this.closed]);
  }

  /** Resolves when all that was written has gone out. */
  async flush(): Promise<void> {
    if (this.#stream.destroyed || this.#stream.writableLength === 0) return;
    await Promise.race([new Promise<void>((resolve) => this.#stream.write("", () => resolve())), this.closed]);
  }
}
