import stringWidth from "string-width";
import { truncateCells } from "../../client/clean.ts";

/**
 * Measuring and cutting of cleaned, one-line text in terminal cells. The measure is string-width's,
 * because Ink lays out with it; cleaning has taken away what it and terminals disagree about.
 */

export const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The width of each character of one UTF-16 unit, plus 1; 0 where it wasn't asked for yet. */
const known = new Uint8Array(0x1_0000);

/** Printable ASCII, and what the interface itself draws: each one cell wide. string-width takes long to find that out. */
const NARROW = /^[\x20-\x7e·—…←-↓─-▟▲▸▼○◌●✓✗]*$/;

/** The width of a text in cells. */
export function cells(text: string): number {
  if (text.length !== 1) return NARROW.test(text) ? text.length : stringWidth(text);
  const unit = text.charCodeAt(0);
  return (known[unit] ||= stringWidth(text) + 1) - 1;
}

/**
 * Fits a text into `width` cells: cut between graphemes, with `…` in place of what was cut.
 *
 * @param pad side on which spaces fill up to exactly `width` cells; default: none
 */
export function fit(text: string, width: number, { pad }: { pad?: "start" | "end" } = {}): string {
  const cut = truncateCells(text, width);
  if (!pad) return cut;
  const space = " ".repeat(Math.max(0, width - cells(cut)));
  return pad === "end" ? cut + space : space + cut;
}

/**
 * The part of a text that stands in the cells from `from` up to, not including, `to`. Of a wide
 * grapheme that an edge cuts through, the cells inside become spaces, as on a terminal.
 */
export function sliceCells(text: string, from: number, to: number): string {
  let out = "";
  let at = 0;
  for (const { segment } of segmenter.segment(text)) {
    if (at >= to) break;
    const next = at + cells(segment);
    if (at >= from && next <= to) out += segment;
    else if (next > from) out += " ".repeat(Math.min(next, to) - Math.max(at, from));
    at = next;
  }
  return out;
}
