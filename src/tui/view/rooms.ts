import type { Room, State } from "../store/state.ts";
import { cells, fit } from "../text/width.ts";
import { nickStyle, roomName } from "./format.ts";
import { BLANK, fitRow, justify, padRow, type Row, rowCells, span, type Span } from "./row.ts";

type RoomsState = Pick<State, "rooms" | "current" | "nick">;

/** The left column: rooms, and who is in this one. Each row ends with the border. */
export function sidebarRows(
  state: RoomsState,
  room: Room,
  width: number,
  height: number,
): readonly Row[] {
  const inner = width - 1;
  const { here } = room.members;
  const rooms = state.rooms.map((candidate, index) =>
    roomRow(candidate, index, candidate === room, inner),
  );
  const wanted = 2 + here.length;
  const forRooms = Math.max(2, height - Math.min(wanted, Math.floor(height / 2)) - 2);
  const rows: Row[] = [
    [span(" ROOMS", "bold")],
    ...windowed(rooms, state.rooms.indexOf(room), forRooms),
    BLANK,
  ];
  rows.push([span(` ONLINE ${here.length}`, "bold")]);
  rows.push(...memberRows(here, state.nick, inner, height - rows.length));
  const bordered = Array.from({ length: height }, (_, index): Row => [
    ...padRow(rows[index] ?? BLANK, inner),
    span("│", "dim"),
  ]);
  return bordered;
}

/** The rooms in one row, for small screens: if not all of them fit, this one and those with something unread. */
export function roomTabs({ rooms, current }: Pick<State, "rooms" | "current">, width: number): Row {
  const tabs = rooms.map((room, index) => {
    const here = room.topic === current;
    const name = `${index + 1}:${fit(roomName(room.topic).slice(1), Math.max(4, width - 8))}`;
    const row: Row = [span(here ? `[${name}]` : name, here ? "bold" : "plain"), ...counts(room)];
    return { row, index, rank: here ? 0 : room.mentions > 0 ? 1 : room.unread > 0 ? 2 : 3 };
  });
  const kept: typeof tabs = [];
  // Room for the number of those that are left out.
  let left = width - 4;
  for (const tab of tabs.toSorted((a, b) => a.rank - b.rank)) {
    left -= rowCells(tab.row) + 1;
    if (left >= 0) kept.push(tab);
  }
  const out = kept
    .toSorted((a, b) => a.index - b.index)
    .flatMap(({ row }, index) => [span(index > 0 ? " " : ""), ...row]);
  const missing = tabs.length - kept.length;
  return missing > 0 ? [...out, span(` +${missing}`, "dim")] : out;
}

function roomRow(room: Room, index: number, current: boolean, width: number): Row {
  const name = span(
    `${current ? "▸" : " "}${index + 1} ${roomName(room.topic)}`,
    current ? "bold" : "plain",
  );
  const right = counts(room);
  return right.length === 0 ? fitRow([name], width) : justify([name], right, width);
}

/** How many messages are unread, and how many of them name the reader. */
function counts({ unread, mentions }: Room): Span[] {
  const out: Span[] = [];
  if (unread > 0) out.push(span(` ${unread > 999 ? "999+" : unread}`, "accent"));
  if (mentions > 0) out.push(span(` @${mentions}`, "mention"));
  return out;
}

/** So many of the rows that the one at `index` is among them. */
function windowed(rows: readonly Row[], index: number, count: number): readonly Row[] {
  const start = Math.max(0, Math.min(index - Math.floor(count / 2), rows.length - count));
  return rows.slice(start, start + count);
}

/** Nicks one after the other, as many as fit. */
function memberRows(
  here: readonly string[],
  own: string,
  width: number,
  height: number,
): readonly Row[] {
  const rows: Row[] = [];
  let row: Span[] = [];
  let used = 0;
  for (const [index, nick] of here.entries()) {
    const text = fit(nick, width - 1);
    const size = cells(text) + 1;
    if (used > 0 && used + size > width) {
      rows.push(row);
      row = [];
      used = 0;
    }
    if (rows.length === height - 1 && index < here.length - 1 && height > 0 && used === 0) {
      rows.push([span(` ${here.length - index} more`, "dim")]);
      return rows;
    }
    row.push(span(" "), span(text, nick === own ? "bold" : nickStyle(nick)));
    used += size;
  }
  if (row.length > 0) rows.push(row);
  return rows.slice(0, Math.max(0, height));
}
