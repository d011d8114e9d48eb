import { cells, segmenter } from "./width.ts";

/** What is never divided between two rows: usually one grapheme. */
export interface Piece {
  /** Where it is in the text, in UTF-16 units, the end not included. */
  start: number;
  end: number;
  /** What is drawn for it, and how wide that is; at most the width of a row. */
  shown: string;
  cells: number;
}

/**
 * Breaks a text into rows of at most `width` cells: between words, around wide (CJK) characters, and
 * inside a word that alone is wider than a row. Line ends are kept; the white space at which a row
 * was broken is not. Always at least one row.
 *
 * @param width cells in a row; below 1 counts as 1. What can't fit even alone is drawn as `…`
 */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  return text.split("\n").flatMap((line) => {
    if (line.length * 2 <= room || cells(line) <= room) return [line];
    const rows = breakRows(pieces(line, room), room).map((row, index) => {
      const text = row
        .map((piece) => piece.shown)
        .join("")
        .trimEnd();
      return index === 0 ? text : text.trimStart();
    });
    // White space that got a row of its own was nothing but the break.
    return rows.filter((row, index) => index === 0 || row !== "");
  });
}

/**
 * Cuts one line (without `\n`) into pieces that each fit into `width` cells.
 *
 * @param show what to draw for a grapheme; default: the grapheme
 */
export function pieces(
  line: string,
  width: number,
  show = (grapheme: string): string => grapheme,
): Piece[] {
  if (/^[\x20-\x7e]*$/.test(line)) {
    return Array.from(line, (shown, start) => ({ start, end: start + 1, shown, cells: 1 }));
  }
  const out: Piece[] = [];
  for (const { segment, index } of segmenter.segment(line)) {
    const shown = show(segment);
    const size = cells(shown);
    if (size <= width) out.push({ start: index, end: index + segment.length, shown, cells: size });
    else out.push(...divide(segment, index, width, show));
  }
  return out;
}

/**
 * Groups the pieces of one line into rows of at most `width` cells; spaces that follow a full row
 * hang beyond its end. No piece is lost; at least one row.
 */
export function breakRows(line: Piece[], width: number): Piece[][] {
  const rows: Piece[][] = [];
  let start = 0;
  let used = 0;
  let breakAt = 0;
  let usedAtBreak = 0;
  for (const [index, piece] of line.entries()) {
    if (index > start && mayBreak(line[index - 1], piece)) {
      breakAt = index;
      usedAtBreak = used;
    }
    if (used + piece.cells > width && piece.shown !== " ") {
      const cut = breakAt > start ? breakAt : index;
      rows.push(line.slice(start, cut));
      used -= breakAt > start ? usedAtBreak : used;
      start = cut;
      breakAt = cut;
      usedAtBreak = 0;
    }
    used += piece.cells;
  }
  rows.push(line.slice(start));
  return rows;
}

function mayBreak(before: Piece | undefined, after: Piece): boolean {
  if (!before || after.shown === " ") return false;
  return before.shown === " " || before.cells > 1 || after.cells > 1;
}

/** A grapheme too wide for a row goes by its code points, marks staying with the one before. */
function divide(
  grapheme: string,
  index: number,
  width: number,
  show: (character: string) => string,
): Piece[] {
  const out: Piece[] = [];
  let start = index;
  for (const character of grapheme) {
    const end = start + character.length;
    const shown = show(character);
    const size = cells(shown);
    const previous = out.at(-1);
    if (size === 0 && previous) {
      previous.end = end;
      if (previous.shown !== "…") previous.shown += shown;
    } else {
      out.push({ start, end, shown: size > width ? "…" : shown, cells: Math.min(size, width) });
    }
    start = end;
  }
  return out;
}
