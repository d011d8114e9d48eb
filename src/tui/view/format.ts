import { nickKey } from "../../protocol/names.ts";
import type { TransportName } from "../../client/transport-names.ts";
import type { NickStyle } from "./row.ts";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** `13:42`, local time. */
export function clock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `Tue 6 Oct`, with the year if it isn't this one. */
export function dayName(ms: number, now: number): string {
  const date = new Date(ms);
  const year = date.getFullYear();
  const name = `${DAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return year === new Date(now).getFullYear() ? name : `${name} ${year}`;
}

/** A number that is the same within one local day. */
export function dayOf(ms: number): number {
  const date = new Date(ms);
  return date.getFullYear() * 400 + date.getMonth() * 32 + date.getDate();
}

/** `12 ms`, `1.4 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** `88 B`, `4.1 kB`, `12 MB`. */
export function bytes(count: number): string {
  if (count < 1_000) return `${Math.round(count)} B`;
  if (count < 1_000_000) return `${scaled(count / 1_000)} kB`;
  return `${scaled(count / 1_000_000)} MB`;
}

/** A figure without a unit; `—` where there is none. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/** Values as bars, from the lowest to the highest of them. */
export function sparkline(values: readonly number[]): string {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  return values
    .map((value) => BARS[range === 0 ? 3 : Math.round(((value - low) / range) * 7)])
    .join("");
}

const LABELS: Readonly<Record<TransportName, string>> = {
  websocket: "WebSocket",
  sse: "SSE",
  "long-polling": "long polling",
  polling: "polling",
};
const SHORT: Readonly<Record<TransportName, string>> = {
  websocket: "ws",
  sse: "sse",
  "long-polling": "lp",
  polling: "poll",
};

export function transportLabel(name: TransportName): string {
  return LABELS[name];
}

export function transportShort(name: TransportName): string {
  return SHORT[name];
}

const NICK_STYLES = 12;

/** The same style for the same nick, on every screen. */
export function nickStyle(nick: string): NickStyle {
  let hash = 0;
  for (const character of nickKey(nick))
    hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return `nick${hash % NICK_STYLES}` as NickStyle;
}

/** `#lobby` of `room:lobby`. */
export function roomName(topic: string): string {
  return `#${topic.slice("room:".length)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function scaled(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
