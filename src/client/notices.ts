import type { Notice } from "./events.ts";

type Listener = (notice: Notice) => void;

/** Tells listeners what happens, in order, and never in the middle of it: they may do whatever they like with the session. */
export class Notices {
  #listeners: readonly Listener[] = [];
  readonly #waiting: Notice[] = [];
  #busy = false;

  /** @returns a function that stops listening. What a listener throws becomes a process warning and nothing else. */
  listen(listener: Listener): () => void {
    const entry: Listener = (notice) => listener(notice);
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  /** Told at once, or, if this happens during something, after it. */
  tell(notice: Notice): void {
    this.#waiting.push(notice);
    this.during(() => {});
  }

  /** What is told during the action is heard when it is done. */
  during(action: () => void): void {
    if (this.#busy) return action();
    this.#busy = true;
    try {
      action();
    } finally {
      for (let notice = this.#waiting.shift(); notice; notice = this.#waiting.shift())
        this.#hear(notice);
      this.#busy = false;
    }
  }

  #hear(notice: Notice): void {
    for (const listener of this.#listeners) {
      // Another listener may just have stopped it.
      if (!this.#listeners.includes(listener)) continue;
      try {
        listener(notice);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }
}
