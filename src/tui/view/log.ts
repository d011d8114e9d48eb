import type { Anchor, Entry, Room } from "../store/state.ts";
import { fit } from "../text/width.ts";
import { continues, entryRows, type Pane } from "./entry.ts";
import { dayName, dayOf } from "./format.ts";
import { BLANK, type Row, ruleRow, span } from "./row.ts";

/** A place in the log: a row of an entry. */
interface Place extends Anchor {
  readonly text: Row;
}

/** The visible rows, exactly as many as the pane is high; blank ones on top while there is little to show. */
export function logRows(room: Room, pane: Pane): readonly Row[] {
  if (pane.height < 1) return [];
  const above = upwards(room, pane, room.anchor, pane.height);
  const rows = above.map(({ text }) => text);
  const [top] = above;
  if (top && above.length === pane.height) rows[0] = headed(room, top, pane);
  if (above.length < pane.height) {
    const head = headRow(room, pane);
    if (head) rows.unshift(head);
    const missing = pane.height - rows.length;
    if (room.anchor)
      rows.push(...downwards(room, pane, room.anchor, missing).map(({ text }) => text));
  }
  while (rows.length < pane.height) rows.unshift(BLANK);
  return rows.slice(-pane.height);
}

/** The top row, with time and nick even if they are the same as those of the row above, which isn't on the screen. */
function headed(room: Room, { id, row, text }: Place, pane: Pane): Row {
  const index = indexOf(room, id);
  const entry = entryAt(room, index)!;
  if (row > 0 || entry.kind !== "message" || !continues(entryAt(room, index - 1), entry))
    return text;
  return entryRows(entry, false, pane)[0] ?? text;
}

/** Where the log is after moving by so many rows: down is positive. */
export interface Scrolled {
  /** undefined: at the bottom */
  readonly anchor: Anchor | undefined;
  /** How many of the rows upwards there were not. */
  readonly missing: number;
}

export function scrollLog(room: Room, pane: Pane, by: number): Scrolled {
  if (by > 0) {
    if (!room.anchor) return { anchor: undefined, missing: 0 };
    const below = downwards(room, pane, room.anchor, by + 1);
    const place = below.length > by ? below[by - 1] : undefined;
    return { anchor: place && { id: place.id, row: place.row }, missing: 0 };
  }
  const wanted = -by;
  const above = upwards(room, pane, room.anchor, wanted + pane.height);
  const head = headRow(room, pane) ? 1 : 0;
  const most = Math.max(0, above.length + head - pane.height);
  const moved = Math.min(wanted, most);
  const place = moved === 0 ? room.anchor : above[above.length - 1 - moved];
  return { anchor: place && { id: place.id, row: place.row }, missing: wanted - moved };
}

/** Up to `count` rows that end with the anchor's, or with the newest one. */
function upwards(room: Room, pane: Pane, anchor: Anchor | undefined, count: number): Place[] {
  const out: Place[] = [];
  const start = anchor ? indexOf(room, anchor.id) : size(room) - 1;
  for (let index = start; index >= 0 && out.length < count; index -= 1) {
    const entry = entryAt(room, index)!;
    const rows = rowsAt(room, index, pane);
    const end = anchor && index === start ? Math.min(anchor.row, rows.length - 1) : rows.length - 1;
    for (let row = end; row >= 0 && out.length < count; row -= 1)
      out.push({ id: entry.id, row, text: rows[row]! });
  }
  return out.toReversed();
}

/** Up to `count` rows that follow the anchor's. */
function downwards(room: Room, pane: Pane, anchor: Anchor, count: number): Place[] {
  const out: Place[] = [];
  const start = indexOf(room, anchor.id);
  for (let index = start; index < size(room) && out.length < count; index += 1) {
    const entry = entryAt(room, index)!;
    const rows = rowsAt(room, index, pane);
    const first = index === start ? Math.min(anchor.row, rows.length - 1) + 1 : 0;
    for (let row = first; row < rows.length && out.length < count; row += 1)
      out.push({ id: entry.id, row, text: rows[row]! });
  }
  return out;
}

function size({ entries, pending }: Room): number {
  return entries.length + pending.length;
}

function entryAt({ entries, pending }: Room, index: number): Entry | undefined {
  return index < entries.length ? entries[index] : pending[index - entries.length];
}

/** The place of an entry; the first one if it isn't there any more. */
function indexOf(room: Room, id: number): number {
  for (let index = size(room) - 1; index >= 0; index -= 1)
    if (entryAt(room, index)?.id === id) return index;
  return 0;
}

interface Drawn {
  readonly key: string;
  readonly rows: readonly Row[];
}

const drawn = new WeakMap<Entry, Drawn>();

/** An entry's rows, with what stands above it: the day, the mark of what is new. Kept until the width or the neighbour changes. */
function rowsAt(room: Room, index: number, pane: Pane): readonly Row[] {
  const entry = entryAt(room, index)!;
  const before = entryAt(room, index - 1);
  const day = !before || dayOf(before.at) !== dayOf(entry.at);
  const news = before !== undefined && before.id === room.readMark;
  const follows = !day && !news && continues(before, entry);
  const key = `${pane.width} ${pane.nicks} ${day ? dayName(entry.at, pane.minute) : ""} ${news} ${follows}`;
  const known = drawn.get(entry);
  if (known?.key === key) return known.rows;
  const rows: Row[] = [];
  if (day) rows.push(ruleRow(dayName(entry.at, pane.minute), pane.width, "dim", 1));
  if (news) rows.push(ruleRow("new", pane.width, "warn", 3));
  rows.push(...entryRows(entry, follows, pane));
  drawn.set(entry, { key, rows });
  return rows;
}

/** What stands above the first entry. */
function headRow(room: Room, { width }: Pane): Row | undefined {
  switch (room.past) {
    case "loading":
      return [span(fit(" ↑ loading …", width), "dim")];
    case "more": {
      const older = room.first === undefined ? "" : `${(room.first - 1).toLocaleString("en")} `;
      return [span(fit(` ↑ ${older}older (PgUp)`, width), "dim")];
    }
    case "none":
      return ruleRow("beginning of history", width, "dim", 2);
    case "unknown":
      return undefined;
  }
}
