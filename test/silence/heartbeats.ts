/** Looks at the clock so often in a heartbeat. */
const STEPS = 16;
/** What took longer than so many steps was a pause. */
const PAUSE = 2;

/**
 * Counts heartbeats beside whatever is tested, in this process. Where the machine holds the process up, both are held up: a pause doesn't count,
 * and whoever was paused is given as long again to read what has come.
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
    const elapsed = now - this.#last;
    const pause = Math.max(0, elapsed - (PAUSE * this.#heartbeat) / STEPS);
    this.#ms += elapsed - 2 * pause;
    this.#last = now;
  }
}
