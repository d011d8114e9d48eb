import { cleanText } from "../../client/clean.ts";
import { breakRows, pieces, type Piece } from "../text/wrap.ts";

/** The composer as it is drawn. */
export interface ComposerLayout {
  /** The visible rows, at least one; none is wider than asked. */
  rows: string[];
  /** Where the cursor is within `rows`, in rows and cells from 0. */
  cursor: { row: number; col: number };
  /** How many rows are hidden above. */
  scroll: number;
  /** How many rows there are, the hidden ones included. */
  total: number;
}

interface Row {
  text: string;
  /** The column of the cursor, in the row that has it. */
  col: number | undefined;
}

/**
 * Lays out the composer's text: wrapped by words, and scrolled so that the cursor is visible. What a
 * terminal could draw wider than measured is drawn plainly; the text itself keeps it.
 *
 * @param width cells in a row, at least 1
 * @param maxRows most visible rows, at least 1
 * @param scroll the previous layout's, to scroll no more than needed; default: 0
 */
export function layoutComposer(
  { text, cursor }: { text: string; cursor: number },
  width: number,
  maxRows: number,
  scroll = 0,
): ComposerLayout {
  const room = Math.max(1, width);
  const height = Math.max(1, maxRows);
  const rows: Row[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    const at = cursor - start;
    rows.push(...layoutLine(line, at >= 0 && at <= line.length ? at : undefined, room));
    start += line.length + 1;
  }
  const cursorRow = rows.findIndex((row) => row.col !== undefined);
  const nearest = Math.min(
    Math.max(scroll, cursorRow - height + 1),
    cursorRow,
    rows.length - height,
  );
  const top = Math.max(0, nearest);
  return {
    rows: rows.slice(top, top + height).map((row) => row.text),
    cursor: { row: cursorRow - top, col: rows[cursorRow]?.col ?? 0 },
    scroll: top,
    total: rows.length,
  };
}

function layoutLine(line: string, cursor: number | undefined, width: number): Row[] {
  const broken = breakRows(pieces(line, width, cleanText), width);
  const rows = broken.map((row): Row => ({ text: visible(row, width), col: undefined }));
  if (cursor === undefined) return rows;
  const index = broken.findIndex((row) => (row.at(-1)?.end ?? 0) > cursor);
  if (index !== -1) {
    const col = sum((broken[index] ?? []).filter((piece) => piece.end <= cursor));
    // Spaces may hang beyond the row's end; the cursor may not.
    return rows.with(index, { text: rows[index]?.text ?? "", col: Math.min(col, width - 1) });
  }
  const last = broken.length - 1;
  const col = sum(broken[last] ?? []);
  // What is typed next goes to the next row: so does the cursor.
  if (col >= width) return [...rows, { text: "", col: 0 }];
  return rows.with(last, { text: rows[last]?.text ?? "", col });
}

function visible(row: Piece[], width: number): string {
  let used = 0;
  let text = "";
  for (const piece of row) {
    used += piece.cells;
    if (used > width) break;
    text += piece.shown;
  }
  return text;
}

function sum(row: Piece[]): number {
  return row.reduce((total, piece) => total + piece.cells, 0);
}
