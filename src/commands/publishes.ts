import { cleanLine } from "../client/clean.ts";
import type { Acked } from "../client/outbox.ts";
import { LinkError } from "../transports/transport.ts";
import type { Line } from "./lines.ts";

/** Lines that wait for their acknowledgement; beyond it there is no {@link Publishes.room}. */
const UNACKED = 1_000;
/** Refused lines that are named one by one. */
const NAMED = 20;

/** The lines of an input on their way: tells of each when it is kept, in their order, and knows what isn't. */
export class Publishes {
  readonly #publish: (text: string) => Promise<Acked>;
  readonly #kept: (id: number, acked: Acked) => void;
  /** By line. */
  readonly #refused = new Map<number, string>();
  /** Lines that aren't acknowledged yet, rising. */
  readonly #waiting = new Set<number>();
  #room = Promise.withResolvers<void>();
  #told: Promise<void> = Promise.resolve();
  #count = 0;
  #last = 0;

  /** @param kept called in the order of the lines; `id` counts them from 1 */
  constructor(publish: (text: string) => Promise<Acked>, kept: (id: number, acked: Acked) => void) {
    this.#publish = publish;
    this.#kept = kept;
  }

  add({ number, text }: Line): void {
    const id = ++this.#count;
    this.#last = number;
    this.#waiting.add(number);
    const fate = this.#send(id, number, text);
    const before = this.#told;
    this.#told = before.then(async () => (await fate)());
  }

  /** Resolves as soon as another line may be added. */
  async room(): Promise<void> {
    while (this.#waiting.size >= UNACKED) {
      this.#room = Promise.withResolvers();
      await this.#room.promise;
    }
  }

  /** Resolves when the fate of all lines is told. Never, if the session ends before: it says why itself. */
  get settled(): Promise<void> {
    return this.#told;
  }

  get allKept(): boolean {
    return this.#refused.size === 0 && this.#waiting.size === 0;
  }

  /** What isn't kept, in lines for a person. @param complete whether all of the input has been read */
  missing(complete: boolean): string[] {
    const lines = Array.from(
      this.#refused,
      ([number, reason]) => `not sent, line ${number}: ${reason}`,
    );
    const more = lines.splice(NAMED).length;
    if (more > 0) lines.push(`… and ${more} more lines`);
    const last = this.#last;
    const [first = last] = this.#waiting;
    if (this.#waiting.size > 0) {
      const which = first === last ? `line ${first}` : `lines ${first} to ${last}`;
      lines.push(`not acknowledged: ${which}${complete ? "" : ", and what follows"}`);
    } else if (!complete && last > 0) {
      lines.push(`not sent: what follows line ${last}`);
    }
    return lines;
  }

  /** @returns what is to be done when its turn has come */
  async #send(id: number, number: number, text: string): Promise<() => void | Promise<void>> {
    try {
      const acked = await this.#publish(text);
      this.#waiting.delete(number);
      return () => this.#kept(id, acked);
    } catch (error) {
      // The session has ended, and all that waits with it.
      if (error instanceof LinkError) return () => new Promise<void>(() => {});
      this.#waiting.delete(number);
      const { message } = error as Error;
      return () => void this.#refused.set(number, cleanLine(message));
    } finally {
      this.#room.resolve();
    }
  }
}
