import { cells, segmenter } from "./width.ts";

/** Places in a text that is edited: UTF-16 indices that never fall inside a grapheme. */

const WORD = /[\p{L}\p{N}\p{M}_]/v;
const BLANK = /\s/;

/** The boundary at or after `index`, clamped to the text. */
export function snap(text: string, index: number): number {
  if (index <= 0) return 0;
  return nextBoundary(text, index - 1);
}

/** The end of the grapheme that contains `index`. */
export function nextBoundary(text: string, index: number): number {
  const found = segmenter.segment(text).containing(index);
  return found ? found.index + found.segment.length : text.length;
}

/** The start of the grapheme before `index`. */
export function previousBoundary(text: string, index: number): number {
  return segmenter.segment(text).containing(index - 1)?.index ?? 0;
}

/** The start of the word before `index`: over what is no word, then over the word. */
export function wordStart(text: string, index: number): number {
  const skipped = scanLeft(text, index, (character) => !WORD.test(character));
  return previousOrSame(
    text,
    scanLeft(text, skipped, (character) => WORD.test(character)),
  );
}

/** The end of the word after `index`: over what is no word, then over the word. */
export function wordEnd(text: string, index: number): number {
  const skipped = scanRight(text, index, (character) => !WORD.test(character));
  return snap(
    text,
    scanRight(text, skipped, (character) => WORD.test(character)),
  );
}

/** The start of what stands before `index` between blanks, such as a whole address. */
export function blankStart(text: string, index: number): number {
  const skipped = scanLeft(text, index, (character) => BLANK.test(character));
  return previousOrSame(
    text,
    scanLeft(text, skipped, (character) => !BLANK.test(character)),
  );
}

export function lineStart(text: string, index: number): number {
  return index === 0 ? 0 : text.lastIndexOf("\n", index - 1) + 1;
}

export function lineEnd(text: string, index: number): number {
  const end = text.indexOf("\n", index);
  return end === -1 ? text.length : end;
}

/** The place in the line that starts at `start` where at most `column` cells stand before it. */
export function atColumn(text: string, start: number, column: number): number {
  let used = 0;
  for (const { segment, index } of segmenter.segment(text.slice(start, lineEnd(text, start)))) {
    used += cells(segment);
    if (used > column) return start + index;
  }
  return lineEnd(text, start);
}

function scanLeft(text: string, from: number, skips: (character: string) => boolean): number {
  let at = from;
  while (at > 0) {
    const low = text.charCodeAt(at - 1);
    const size = at > 1 && low >= 0xdc00 && low <= 0xdfff ? 2 : 1;
    if (!skips(text.slice(at - size, at))) break;
    at -= size;
  }
  return at;
}

function scanRight(text: string, from: number, skips: (character: string) => boolean): number {
  let at = from;
  while (at < text.length) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (!skips(character)) break;
    at += character.length;
  }
  return at;
}

function previousOrSame(text: string, index: number): number {
  return snap(text, index) === index ? index : previousBoundary(text, index);
}
