import { setTimeout as sleep } from "node:timers/promises";
import type { Dice } from "./dice.ts";
import { Life, type Published, type Scene } from "./life.ts";

/** ms between two things that a visitor does, at most. */
const PACE_MS = 500;
const SETTLE_MS = 90_000;

/** Somebody who does at random what users do, one session after the other, and keeps a record of all that comes. */
export class Visitor {
  readonly name: string;
  /** By session. */
  readonly published = new Map<string, Published>();
  readonly #scene: Scene;
  readonly #dice: Dice;
  #lives = 0;
  #life: Life | undefined;

  constructor(name: string, scene: Scene, dice: Dice) {
    this.name = name;
    this.#scene = scene;
    this.#dice = dice;
  }

  /** Do things until the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#act();
      await sleep(this.#dice.below(PACE_MS), undefined, { signal }).catch(() => {});
    }
  }

  compare(): void {
    this.#life?.compare();
  }

  /** Wait until all that was published is acknowledged. */
  async fallSilent(): Promise<void> {
    await this.#expect((life) => life.isSilent);
  }

  /** Wait until everything has come. To be called when all have fallen silent. */
  async catchUp(): Promise<void> {
    await this.#expect((life) => life.hasAll);
  }

  async end(): Promise<void> {
    await this.#life?.end(true);
  }

  async #act(): Promise<void> {
    const dice = this.#dice;
    const life = (this.#life ??= this.#begin());
    const deed = dice.below(1_000);
    if (deed < 600) life.publish(1 + dice.below(8));
    else if (deed < 800) life.swap();
    else if (deed < 830) {
      // Two at once: the second takes the place of the first.
      life.swap();
      life.swap();
    } else if (deed < 870) life.rename();
    else if (deed < 920) life.resubscribe();
    else if (deed < 960) life.beSlow();
    else if (deed < 970) {
      this.#life = undefined;
      await life.end(false);
    }
  }

  async #expect(holds: (life: Life) => boolean): Promise<void> {
    const life = this.#life;
    if (!life) return;
    const end = performance.now() + SETTLE_MS;
    while (!holds(life)) {
      if (performance.now() > end) return this.#scene.tally.wrong("leftBehind", life.standing);
      await sleep(50);
    }
  }

  #begin(): Life {
    const name = `${this.name}.${++this.#lives}`;
    const published: Published = new Map();
    this.published.set(name, published);
    this.#scene.tally.count("sessions");
    return new Life(name, this.name, published, this.#scene, this.#dice);
  }
}
