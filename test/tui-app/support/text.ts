import type { Row } from "../../../src/tui/view/row.ts";

/** A row without its colours. */
export function rowText(row: Row): string {
  return row.map(({ text }) => text).join("");
}
