/** What can be completed, each list in the order in which to offer it, e.g. who spoke last first. */
export interface CompletionSources {
  nicks: readonly string[];
  /** Names of rooms, without `#`. */
  rooms: readonly string[];
  /** Slash commands with their `/`; one with words after it, such as `/transport sse`, completes them too. */
  commands: readonly string[];
}

export interface Completion {
  /** What can stand from `replaceFrom` up to the cursor, its `: ` or space included. */
  candidates: string[];
  /** UTF-16 index into the text. */
  replaceFrom: number;
}

/** A series of Tabs: pressing it again offers the next candidate. */
export interface CompletionCycle extends Completion {
  /** Which candidate is shown. */
  index: number;
  /** The text and the cursor with it. */
  text: string;
  cursor: number;
}

/**
 * Finds what the word before the cursor could become, in any case of its letters: commands at the
 * start of the text, `#room`, `@nick`, and nicks, which get `: ` at the start of a line.
 */
export function complete(text: string, cursor: number, sources: CompletionSources): Completion {
  const before = text.slice(0, cursor);
  if (/^\/[^\n]*$/.test(before)) {
    const words = before.split(" ").length;
    const commands = sources.commands.filter((command) => command.split(" ").length === words);
    const candidates = matching(commands, before, "", " ");
    if (candidates.length > 0) return { candidates, replaceFrom: 0 };
  }
  const replaceFrom = before.search(/\S*$/);
  const word = before.slice(replaceFrom);
  return {
    candidates: word === "" ? [] : ofWord(word, atLineStart(before, replaceFrom), sources),
    replaceFrom,
  };
}

/**
 * Tab: begins a cycle, or goes on with it if nothing was typed since. Undefined if there is nothing
 * to complete.
 *
 * @param step 1 for the next candidate, -1 for the one before
 */
export function cycleCompletion(
  previous: CompletionCycle | undefined,
  text: string,
  cursor: number,
  sources: CompletionSources,
  step: 1 | -1 = 1,
): CompletionCycle | undefined {
  const goesOn = previous && previous.text === text && previous.cursor === cursor;
  const { candidates, replaceFrom } = goesOn ? previous : complete(text, cursor, sources);
  const count = candidates.length;
  if (count === 0) return undefined;
  const index = goesOn ? (previous.index + step + count) % count : step === 1 ? 0 : count - 1;
  const candidate = candidates[index] ?? "";
  const after = text.slice(cursor);
  // A space that is there already isn't needed twice.
  const shown =
    text.slice(0, replaceFrom) + (after.startsWith(" ") ? candidate.trimEnd() : candidate);
  return { candidates, replaceFrom, index, text: shown + after, cursor: shown.length };
}

function ofWord(word: string, first: boolean, { nicks, rooms }: CompletionSources): string[] {
  if (word.startsWith("#")) return matching(rooms, word.slice(1), "#", " ");
  if (word.startsWith("@")) return matching(nicks, word.slice(1), "@", " ");
  return matching(nicks, word, "", first ? ": " : " ");
}

function matching(
  names: readonly string[],
  start: string,
  prefix: string,
  suffix: string,
): string[] {
  const wanted = start.toLowerCase();
  const found = names.filter((name) => name.toLowerCase().startsWith(wanted));
  return [...new Set(found)].map((name) => prefix + name + suffix);
}

function atLineStart(text: string, index: number): boolean {
  return index === 0 || text[index - 1] === "\n";
}
