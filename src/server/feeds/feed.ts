import { basename } from "node:path";
import { quote } from "../../protocol/names.ts";
import { FeedError } from "./feed-error.ts";
import { play } from "./play.ts";
import { readPrices } from "./price-file.ts";
import { replay } from "./replay.ts";
import { simulate } from "./sim.ts";
import type { Moment, Tick } from "./tick.ts";

export type { Tick } from "./tick.ts";

/** Where the prices of `feed:market` come from. */
export interface FeedSource {
  /** Who the prices are from, for people to see: "simulated" or "replay of stocks.csv". */
  readonly label: string;
  /**
   * Emit prices until `signal` aborts, then resolve; no timer is left. Each run starts anew. A
   * symbol may be twice in one call of `emit`, the newer price later. Rejects only with what `emit`
   * throws.
   */
  run(emit: (ticks: readonly Tick[]) => void, signal: AbortSignal): Promise<void>;
}

export interface FeedOptions {
  /** How fast: days a second of a replay, how many times the usual rate of the simulation. Above 0, at most 1000; default 1. */
  readonly speed?: number | undefined;
  /** Whose prices a replay plays if its file has no symbol column; otherwise not used. */
  readonly symbol?: string | undefined;
  /** Decides the simulated prices: whole, 0 to 4294967295; the default is always the same one. */
  readonly seed?: number | undefined;
  /** Gets one plain line for each thing in a file that is passed over, some 11 of them at most. */
  readonly warn: (line: string) => void;
}

const DEFAULT_SEED = 4400;
const MAX_SEED = 2 ** 32 - 1;
const MAX_SPEED = 1_000;
const REPLAY = "replay:";

/**
 * Open the feed that a command line names: `sim`, `replay:FILE` (a CSV file, read whole, see
 * {@link readPrices}), or `none`, which is `undefined`.
 * @throws FeedError for a wrong text, speed, seed, symbol or file
 */
export async function openFeed(
  spec: string,
  options: FeedOptions,
): Promise<FeedSource | undefined> {
  const { speed = 1, seed = DEFAULT_SEED } = options;
  if (!(speed > 0 && speed <= MAX_SPEED)) {
    throw new FeedError(
      "speed",
      `--feed-speed: expected a number above 0 and at most ${MAX_SPEED}, came ${speed}; leave it out for 1`,
    );
  }
  if (!(Number.isInteger(seed) && seed >= 0 && seed <= MAX_SEED)) {
    throw new FeedError(
      "seed",
      `seed: expected a whole number from 0 to ${MAX_SEED}, came ${seed}; leave it out for ${DEFAULT_SEED}`,
    );
  }
  if (spec === "none") return undefined;
  if (spec === "sim") return source("simulated", () => simulate(seed, speed));
  const file = spec.startsWith(REPLAY) ? spec.slice(REPLAY.length) : "";
  if (file === "") {
    throw new FeedError(
      "spec",
      `--feed: expected sim, none or replay:FILE, came ${quote(spec)}; give one like --feed replay:prices.csv`,
    );
  }
  const rows = await readPrices(file, options);
  const name = quote(basename(file), 60).slice(1, -1);
  return source(`replay of ${name}`, () => replay(rows, speed));
}

function source(label: string, moments: () => Iterable<Moment>): FeedSource {
  return { label, run: (emit, signal) => play(moments(), emit, signal) };
}
