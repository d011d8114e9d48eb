import { helpRows } from "../input/keymap.ts";
import { COMMANDS } from "../slash/commands.ts";
import { wrap } from "../text/wrap.ts";
import { cells, fit } from "../text/width.ts";
import { BLANK, type Row, span } from "./row.ts";

/** The help: all keys and all commands, made from what defines them. */
export function helpLines(width: number): readonly Row[] {
  const keys = helpRows();
  const first = Math.min(24, Math.floor(width / 2.5));
  const rows: Row[] = [
    [span(" HELP", "title"), span("  ↑ ↓ PgUp PgDn scroll · Esc closes", "dim")],
  ];
  for (const group of new Set(keys.map((row) => row.group))) {
    rows.push(BLANK, [span(` ${group}`, "bold")]);
    for (const row of keys.filter((candidate) => candidate.group === group)) {
      const command = row.command === undefined || isOwn(row.command) ? "" : `  ${row.command}`;
      rows.push(...entry(row.keys, row.help + command, first, width));
    }
  }
  rows.push(BLANK, [span(" Commands", "bold")]);
  for (const { name, args, help } of COMMANDS)
    rows.push(...entry(`/${name} ${args}`.trimEnd(), help, first, width));
  rows.push(...entry("//text", "sends a text that begins with a slash", first, width));
  return rows;
}

function isOwn(command: string): boolean {
  return COMMANDS.some(({ name }) => `/${name}` === command);
}

function entry(left: string, help: string, first: number, width: number): Row[] {
  const texts = wrap(help, width - first - 3);
  const lead = cells(left) > first ? [[span(`  ${fit(left, width - 2)}`, "accent")]] : [];
  return [
    ...lead,
    ...texts.map((text, index): Row => [
      span(
        `  ${fit(index === 0 && lead.length === 0 ? left : "", first, { pad: "end" })} `,
        "accent",
      ),
      span(text),
    ]),
  ];
}

/** How far down the help can be scrolled. */
export function helpEnd(width: number, height: number): number {
  return Math.max(0, helpLines(width).length - height);
}
