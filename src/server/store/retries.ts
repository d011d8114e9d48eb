import type { DatabaseSync } from "node:sqlite";

/** A publish that was handled before: its place in the log is wanted. */
export interface Retry {
  /** Its place in the batch. */
  readonly index: number;
  readonly topic: string;
  /** The producer's id in the database. */
  readonly producer: number;
  readonly number: number;
}

/** Events that one batch's retries may have read, from the newest back: about 15 ms. What lies further back has no place any more. */
const EVENTS_READ = 100_000;

/**
 * Where the events of retries are. There is no index for them, for which each append would pay a fifth and more (decisions/006): the newest
 * events of each topic are read once for all of its retries.
 * @returns offsets by {@link Retry.index}, of those that were found
 */
export function findPlaces(
  database: DatabaseSync,
  retries: readonly Retry[],
): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  if (retries.length === 0) return places;
  const topics = Map.groupBy(retries, ({ topic }) => topic);
  const depth = Math.ceil(EVENTS_READ / topics.size);
  const find = database.prepare(
    `SELECT offset, producer, number FROM topics JOIN events ON topic = id
     WHERE name = ? AND offset > head - ? AND (producer, number) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
  );
  for (const [topic, wanted] of topics) {
    const keys = JSON.stringify(wanted.map(({ producer, number }) => [producer, number]));
    const found = new Map(
      find.all(topic, depth, keys).map((row) => {
        return [`${Number(row["producer"])}.${Number(row["number"])}`, Number(row["offset"])];
      }),
    );
    for (const { index, producer, number } of wanted) {
      const offset = found.get(`${producer}.${number}`);
      if (offset !== undefined) places.set(index, offset);
    }
  }
  return places;
}
