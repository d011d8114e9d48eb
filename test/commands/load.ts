import { setTimeout as sleep } from "node:timers/promises";

/** `line 1`, `line 2` … as standard input, so many a second on average. */
export async function* paced(count: number, perSecond: number): AsyncGenerator<string> {
  const begin = performance.now();
  let sent = 0;
  while (sent < count) {
    const due = Math.min(count, Math.floor(((performance.now() - begin) / 1000) * perSecond) + 1);
    if (due > sent) yield numbered(due - sent, sent + 1).join("");
    sent = due;
    await sleep(1000 / perSecond);
  }
}

/** `line FIRST`, `line FIRST + 1` …, each with its end. */
export function numbered(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `line ${first + index}\n`);
}
