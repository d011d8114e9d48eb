import { parse } from "csv-parse/sync";

/** A line of the file, counted from 1, or why it can't be read as a row of cells. */
export type CsvLine =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly problem: string };

/** In UTF-16 units. A row of prices has less than 200; a cell of megabytes is no price. */
const MAX_LINE = 16_384;
const CELL = String.raw`(?:[ \t]*"(?:[^"]|"")*"[ \t]*|[^",]*)`;
/** RFC 4180, section 2, rules 4 to 7, but for line breaks in quotes; blanks around quotes are let pass. */
const ROW = new RegExp(`^${CELL}(?:,${CELL})*$`, "u");
/** What the parser reads in the place of a line that is kept from it. */
const BLANKED = "?";
/** Lines parsed at once: the cells of a whole file would take many times its size. */
const CHUNK = 1_000;

/**
 * Read comma-separated text: RFC 4180, any line breaks, cells trimmed, blank lines left out. Never
 * throws.
 *
 * A row is one line here. A quote left open would swallow the lines after it, to the end of the
 * file at worst, so the parser never sees a line whose quotes don't pair up; and each line that it
 * sees gives one record, which is how lines are counted.
 */
export function* readCsv(text: string): Generator<CsvLine, void> {
  const lines = text.split(/\r\n|\n|\r/u);
  for (let start = 0; start < lines.length; start += CHUNK) {
    const chunk = lines.slice(start, start + CHUNK);
    const problems = chunk.map(problemOf);
    const fit = chunk.map((line, index) => (problems[index] === undefined ? line : BLANKED));
    const records = parse(fit.join("\n"), {
      record_delimiter: "\n",
      relax_column_count: true,
      trim: true,
    });
    for (const [index, cells] of records.entries()) {
      const line = start + index + 1;
      const problem = problems[index];
      if (problem !== undefined) yield { line, problem };
      else if (cells.length > 1 || cells[0] !== "") yield { line, cells };
    }
  }
}

function problemOf(line: string): string | undefined {
  if (line.length > MAX_LINE) {
    return `expected a line of at most ${MAX_LINE} characters, came ${line.length}`;
  }
  if (line.includes('"') && !ROW.test(line)) {
    return "expected quotes in pairs around a whole cell, came a stray or open one";
  }
  return undefined;
}
