/** Looks at the clock so often in a heartbeat. */
const STEPS = 16;
/** A step that took longer than so many was a pause. */
const PAUSE = 4;

/**
 * Counts heartbeats beside whatever is tested, in this process. Where the machine holds the process up, both are held up: of a pause only the
 * beginning counts.
 */
export class Heartbeats implements Disposable {
  readonly #heartbeat: number;
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();
  #ms = 0;

  constructor(heartbeat: number) {
    this.#heartbeat = heartbeat;
    this.#timer = setInterval(() => this.#look(), heartbeat / STEPS);
  }

  /** Those that have gone by. */
  get count(): number {
    this.#look();
    return this.#ms / this.#heartbeat;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#ms += Math.min(now - this.#last, (PAUSE * this.#heartbeat) / STEPS);
    this.#last = now;
  }
}
