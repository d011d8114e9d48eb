import { randomInt } from "node:crypto";
import { between, type Random, seededRandom } from "../../../src/server/feeds/random.ts";

/** Draws that can be had again: the seed is printed, and read from the environment variable `name`. */
export function seeded(name: string): Random {
  const seed = Number(process.env[name] ?? randomInt(2 ** 32));
  process.stderr.write(`${name}=${seed}\n`);
  return seededRandom(seed);
}

/** Milliseconds that the draws decide. */
export async function moment(random: Random, from: number, to: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, between(random, from, to));
  await promise;
}
