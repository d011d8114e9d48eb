import { cells, fit } from "../text/width.ts";

/** What a span is, not how it looks: `paint.ts` decides that. */
export type Style =
  | "plain"
  | "dim"
  | "bold"
  | "title"
  | "accent"
  | "good"
  | "bad"
  | "warn"
  | "mention"
  | "action"
  | "selected"
  | NickStyle;

export type NickStyle = `nick${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11}`;

/** A piece of a row in one style. The text is cleaned and has no line ends. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One row of the terminal, or of a pane. */
export type Row = readonly Span[];

export const BLANK: Row = [];

export function span(text: string, style: Style = "plain"): Span {
  return { text, style };
}

export function rowCells(row: Row): number {
  return row.reduce((sum, { text }) => sum + cells(text), 0);
}

/** Cut a row to `width` cells, with `…` in place of what was cut. A row that fits is returned as it is. */
export function fitRow(row: Row, width: number): Row {
  if (rowCells(row) <= width) return row;
  const out: Span[] = [];
  let left = width;
  for (const { text, style } of row) {
    const size = cells(text);
    if (size < left || (size === left && text === row.at(-1)?.text)) {
      out.push({ text, style });
      left -= size;
      continue;
    }
    // Something follows, so that this span has to give up its last cell even if it would fit.
    out.push({
      text: size === left ? `${fit(text, left - 1).replace(/…$/, "")}…` : fit(text, left),
      style,
    });
    break;
  }
  return out;
}

/** Fill a row with blanks to exactly `width` cells, or cut it. */
export function padRow(row: Row, width: number): Row {
  const fitted = fitRow(row, width);
  const missing = width - rowCells(fitted);
  return missing > 0 ? [...fitted, span(" ".repeat(missing))] : fitted;
}

/** Two rows in one: the left one cut where the right one needs the room. */
export function justify(left: Row, right: Row, width: number): Row {
  const size = rowCells(right);
  if (size + 1 >= width) return fitRow(left, width);
  return [...padRow(left, width - size), ...right];
}

/** A rule across the row with a text in it. */
export function ruleRow(text: string, width: number, style: Style = "dim", lead = 2): Row {
  if (text === "") return [span("─".repeat(Math.max(0, width)), style)];
  const label = fit(text, Math.max(0, width - lead - 2));
  const start = `${"─".repeat(Math.min(lead, width))} ${label} `;
  return [span(start + "─".repeat(Math.max(0, width - cells(start))), style)];
}
