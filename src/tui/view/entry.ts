import type { Entry, Message } from "../store/state.ts";
import { cells, fit } from "../text/width.ts";
import { wrap } from "../text/wrap.ts";
import { clock, nickStyle } from "./format.ts";
import { type Row, ruleRow, span, type Span, type Style } from "./row.ts";

/** The log's pane. */
export interface Pane {
  readonly width: number;
  readonly height: number;
  /** Cells for nicks; 0: they stand before the text. */
  readonly nicks: number;
  /** The current minute, ms since 1970. */
  readonly minute: number;
}

/** Whether a message needs neither time nor nick, as those of the one before hold. */
export function continues(before: Entry | undefined, entry: Entry): boolean {
  if (before?.kind !== "message" || entry.kind !== "message") return false;
  if (before.me || entry.me || before.from !== entry.from) return false;
  return Math.floor(before.at / 60_000) === Math.floor(entry.at / 60_000);
}

/** An entry's own rows. `follows`: without time and nick. */
export function entryRows(entry: Entry, follows: boolean, pane: Pane): readonly Row[] {
  switch (entry.kind) {
    case "message":
      return pane.nicks > 0 ? columnRows(entry, follows, pane) : inlineRows(entry, pane);
    case "line":
      return lineRows(
        entry.text,
        entry.tone === "error" ? "bad" : "dim",
        entry.tone === "presence" ? "" : "* ",
        pane,
      );
    case "divider":
      return [
        ruleRow(
          entry.text,
          pane.width,
          ({ swap: "accent", good: "good", bad: "bad" } as const)[entry.tone],
        ),
      ];
  }
}

const TIME = 5;

/** Time, nick and text in columns. */
function columnRows(message: Message, follows: boolean, { width, nicks }: Pane): readonly Row[] {
  const head = TIME + nicks + 2;
  const indent = span(" ".repeat(head));
  // A blank before the border.
  const texts = textRows(message, width - head - 1);
  const name = message.me ? "*" : message.from;
  return texts.map((text, index) => {
    if (index > 0 || follows) return [indent, ...text];
    const nick = span(
      fit(name, nicks, { pad: "start" }),
      message.me ? "dim" : nickStyle(message.from),
    );
    return [span(clock(message.at), "dim"), nick, span("  "), ...text];
  });
}

/** The nick within the text, for narrow panes. */
function inlineRows(message: Message, pane: Pane): readonly Row[] {
  const time = pane.width >= 50 ? [span(`${clock(message.at)} `, "dim")] : [];
  const name = fit(message.from, Math.max(4, Math.floor(pane.width / 4)));
  const start: Row = message.me
    ? [...time, span("* ", "dim")]
    : [...time, span(name, nickStyle(message.from)), span("  ")];
  const taken = start.reduce((sum, { text }) => sum + cells(text), 0);
  const indent = Math.min(taken, 4);
  // The first row has less room than the others: its text is cut off from the rest by words.
  const texts = textRows(message, pane.width - indent, taken - indent);
  return texts.map((text, index) =>
    index === 0 ? [...start, ...text] : [span(" ".repeat(indent)), ...text],
  );
}

/** A message's text in rows, with its mark at the end of the last one. */
function textRows(message: Message, width: number, taken = 0): Row[] {
  const style: Style = message.mentioned
    ? "mention"
    : message.mark === "sending" || message.mark === "failed"
      ? "dim"
      : "plain";
  const { mark } = message;
  const room = mark === undefined ? width : width - 2;
  // What the first row has less is stood in for by blanks that don't break.
  const filler = "\u00a0".repeat(taken);
  const said = message.me ? `${message.from} ${message.text}` : message.text;
  const wrapped = wrap(filler + said, room);
  const rows = wrapped.map((text, index): Row => [
    span(index === 0 ? text.slice(taken) : text, message.me ? "action" : style),
  ]);
  if (mark === undefined) return rows;
  const end = rows.length - 1;
  const used = cells(wrapped[end] ?? "");
  const shown = { sending: span("…", "dim"), sent: span("✓", "good"), failed: span("✗", "bad") }[
    mark
  ];
  rows[end] = [...(rows[end] ?? []), span(" ".repeat(Math.max(1, width - used - 1))), shown];
  if (mark === "failed") {
    const why = wrap(`${message.reason ?? "refused"} — Alt+R sends it again`, width);
    rows.push(...why.map((text): Row => [span(text, "bad")]));
  }
  return rows;
}

function lineRows(
  text: string,
  style: Style,
  mark: string,
  { width, nicks }: Pane,
): readonly Row[] {
  const indent = nicks > 0 ? TIME + nicks + 2 : 0;
  const start = Math.max(0, indent - mark.length);
  const rows = wrap(text, width - start - mark.length);
  return rows.map((row, index): Row => {
    const lead: Span = span(
      index === 0 ? " ".repeat(start) + mark : " ".repeat(start + mark.length),
      "dim",
    );
    return [lead, span(row, style)];
  });
}
