import { randomInt } from "node:crypto";

/** A new identity for a log: 5 characters `0-9a-z`. */
export function randomEpoch(): string {
  return randomInt(36 ** 5)
    .toString(36)
    .padStart(5, "0");
}
