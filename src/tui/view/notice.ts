import type { State } from "../store/state.ts";
import { fitRow, type Row, ruleRow, span } from "./row.ts";

/** The line above the composer: a question, or what has just been said to the user. */
export function noticeRow(
  { question, notice }: Pick<State, "question" | "notice">,
  width: number,
): Row {
  if (question) return fitRow([span(` ? ${question.text}`, "warn")], width);
  if (!notice) return [];
  return fitRow(
    [
      span(
        notice.tone === "error" ? ` ! ${notice.text}` : ` ${notice.text}`,
        notice.tone === "error" ? "bad" : "dim",
      ),
    ],
    width,
  );
}

/** The last row of a log that is scrolled up. */
export function newerRow(below: number, width: number): Row {
  const text =
    below > 0 ? `↓ ${below.toLocaleString("en")} new (PgDn, Alt+End)` : "↓ newer (PgDn, Alt+End)";
  return ruleRow(text, width, below > 0 ? "warn" : "dim");
}
