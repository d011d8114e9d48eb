import { randomBytes } from "node:crypto";

/** A random name for a producer, a session or a secret: hexadecimal, two characters a byte. */
export function randomId(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
