/** The pause between two polls, which something that was said cuts short: its echo is on the way. */
export class Pause {
  #shortened = false;
  #wake: (() => void) | undefined;

  /** Cut the present pause short, or the next one if none is on. */
  shorten(): void {
    this.#shortened = true;
    this.#wake?.();
  }

  /**
   * Rest for `ms`, or until `min` after it was shortened, whichever comes first. Ends at once when the link is closed.
   * @returns whether it was shortened
   */
  async last(min: number, ms: number, closed: AbortSignal): Promise<boolean> {
    const end = performance.now() + ms;
    if (!this.#shortened) await this.#rest(ms, closed);
    const shortened = this.#shortened;
    this.#shortened = false;
    if (shortened) await this.#rest(Math.min(min, end - performance.now()), closed);
    return shortened;
  }

  async #rest(ms: number, closed: AbortSignal): Promise<void> {
    if (closed.aborted || ms <= 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const timer = setTimeout(wake, ms);
    this.#wake = wake;
    closed.addEventListener("abort", wake, { once: true });
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
    closed.removeEventListener("abort", wake);
  }
}
