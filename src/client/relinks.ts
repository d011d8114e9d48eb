import { backoff } from "./backoff.ts";

export interface RelinksHost {
  /** Whether a new link is due now: the newest one reads other `topics` than are wanted, or something is `missing` on it. */
  due(): "topics" | "missing" | undefined;
  /** Open it. Rejects when it failed. */
  open(): Promise<unknown>;
}

/** When nothing has been missing for so long, what is missing next is fetched at once; in ms. */
const FORGET_MS = 60_000;

/** New links of the same transport, that nobody asked for as such: when to open them. */
export class Relinks {
  readonly #host: RelinksHost;
  #soon = false;
  /** Those of late that failed, or were made because something was missing. */
  #tries = 0;
  #lastAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(host: RelinksHost) {
    this.#host = host;
  }

  /** A new link may be due. Several wishes of one turn become one link. */
  soon(): void {
    if (this.#soon) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      this.#now();
    });
  }

  /** Something is missing: it is fetched at once, or, if that goes on, later and later. */
  missing(): void {
    if (performance.now() - this.#lastAt > FORGET_MS) this.#tries = 0;
    if (this.#tries === 0) this.soon();
    else this.#later();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #now(): void {
    const due = this.#stopped ? undefined : this.#host.due();
    if (!due) return;
    if (due === "missing") this.#tries += 1;
    this.#lastAt = performance.now();
    this.#host.open().catch(() => {
      this.#tries += 1;
      this.#later();
    });
  }

  #later(): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#now();
      },
      backoff(this.#tries, 0),
    );
  }
}
