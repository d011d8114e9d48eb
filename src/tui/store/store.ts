import type { Action } from "./actions.ts";
import { reduce } from "./reduce.ts";
import type { State } from "./state.ts";

/** Listeners are told of what others do at most so often, in ms; of what the user does at once. */
const SOON_MS = 33;

/** Holds the state outside of React. Each action is reduced at once; listeners hear of several together. */
export class Store {
  #state: State;
  #told: State;
  #toldAt = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(state: State) {
    this.#state = state;
    this.#told = state;
  }

  readonly get = (): State => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Something that the user waits to see. */
  dispatch(...actions: readonly Action[]): void {
    this.#reduce(actions);
    this.#tell();
  }

  /** Something that may be shown together with what comes next. */
  absorb(actions: readonly Action[]): void {
    this.#reduce(actions);
    if (this.#state === this.#told || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#toldAt + SOON_MS - performance.now());
    this.#timer = setTimeout(() => this.#tell(), wait);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #reduce(actions: readonly Action[]): void {
    for (const action of actions) this.#state = reduce(this.#state, action);
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state === this.#told) return;
    this.#told = this.#state;
    this.#toldAt = performance.now();
    for (const listener of this.#listeners) listener();
  }
}
