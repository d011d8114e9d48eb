/** The word that was probably meant; undefined if none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const begun = words.find((candidate) => wanted.length > 2 && candidate.startsWith(wanted));
  if (begun !== undefined) return begun;
  const [best] = words
    .map((candidate) => ({ candidate, distance: distance(wanted, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  return best && best.distance <= 2 ? best.candidate : undefined;
}

/** Levenshtein's: how many characters have to be changed, put in or taken out. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const changed = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
