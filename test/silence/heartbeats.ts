/**
 * Counts heartbeats beside whatever is tested, in this process: where the machine holds the process up, both are held up. It counts in small
 * steps, so that a pause isn't taken for many of them.
 */
export class Heartbeats implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #steps = 0;

  constructor(heartbeat: number) {
    this.#timer = setInterval(() => (this.#steps += 1), heartbeat / STEPS);
  }

  /** Those that have gone by. */
  get count(): number {
    return this.#steps / STEPS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

const STEPS = 16;
