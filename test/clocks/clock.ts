/**
 * A wall clock that a test sets: `node --import clock.ts …` with CLOCK_FILE in the environment. `Date` is off by the milliseconds that
 * file holds, in every thread, at every look. The monotonic clock and timers stay the machine's.
 */
import { readFileSync } from "node:fs";

const file = process.env["CLOCK_FILE"];
const realNow = Date.now.bind(Date);

if (file !== undefined) {
  Date.now = () => realNow() + Number(readFileSync(file, "utf8"));
  globalThis.Date = new Proxy(Date, {
    construct: (target, args: []) =>
      args.length > 0 ? new target(...args) : new target(Date.now()),
    apply: () => new Date().toString(),
  });
}
