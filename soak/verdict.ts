import type { Log } from "./log.ts";
import type { Tally } from "./tally.ts";
import type { Published } from "./life.ts";

/** Compare what was published, and acknowledged, with the log as it is at the end. */
export function compare(
  log: Log,
  rooms: readonly string[],
  sessions: ReadonlyMap<string, Published>,
  tally: Tally,
): void {
  const places = new Map<string, { readonly room: string; readonly offset: number }>();
  for (const room of rooms) {
    const newest = new Map<string, number>();
    for (const [offset, text] of log.texts(room).entries()) {
      if (text === "") continue;
      const where = `${text} of ${room} at ${offset}`;
      if (places.has(text)) tally.wrong("keptTwice", where);
      places.set(text, { room, offset });
      const [session, number] = text.split(" ") as [string, string];
      if (Number(number) <= (newest.get(session) ?? 0)) tally.wrong("producersReordered", where);
      newest.set(session, Number(number));
    }
  }
  for (const [session, published] of sessions) {
    for (const [number, { room, offset }] of published) {
      // Not acknowledged: nothing was promised of it.
      if (offset === undefined) continue;
      const kept = places.get(`${session} ${number}`);
      // null: it had been trimmed by then; but this program has seen it.
      if (kept?.room === room && (offset === null || kept.offset === offset)) continue;
      tally.wrong("ackedNotKept", `${session} ${number}: ${room} at ${offset}`);
    }
  }
  tally.wrong("lost", "trimmed before this program had read it", log.missed);
}

/** The report, for a person. */
export function report({ done, verdict, faults, isClean }: Tally): string {
  const rows = [...done]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([what, times]) => `  ${what.padEnd(42)}${times.toLocaleString("en").padStart(12)}`);
  const found = Object.entries(verdict).map(([what, times]) => `${spaced(what)} ${times}`);
  return [
    ...rows,
    "",
    found.join(" · "),
    ...faults,
    isClean ? "nothing was lost" : "SOMETHING WENT WRONG",
  ].join("\n");
}

function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
