import type { Link, Meters, State } from "../store/state.ts";
import { bytes, clock, duration, figure, sparkline, transportLabel } from "./format.ts";
import { fitRow, justify, type Row, rowCells, span, type Span } from "./row.ts";
import { roomTabs } from "./rooms.ts";

type StatusState = Pick<State, "link" | "meters" | "rooms" | "current">;

const KEYS = "Ctrl+T transport · F1 help ";
const SHORT_KEYS = "F1 help ";

/** The connection and its figures left, the most useful keys right; as much of both as there is room for. */
export function statusRow(state: StatusState, width: number, tabs: boolean): Row {
  const { link, meters } = state;
  const start = stateSpans(link, meters);
  const most = width >= 60 ? width - SHORT_KEYS.length - 2 : width;
  const tabsRoom = most - rowCells(start) - 2;
  const parts = tabs
    ? [[span("  "), ...roomTabs(state, tabsRoom)]]
    : link.state === "live" && link.quiet === 0
      ? figureParts(link, meters)
      : [];
  const left: Span[] = [...start];
  for (const part of parts) if (rowCells(left) + rowCells(part) <= most) left.push(...part);
  const room = width - rowCells(left) - 2;
  const keys = room >= KEYS.length ? KEYS : room >= SHORT_KEYS.length ? SHORT_KEYS : "";
  return keys === "" ? fitRow(left, width) : justify(left, [span(keys, "dim")], width);
}

/** State as a mark and a word, so that no colour is needed. */
function stateSpans(link: Link, meters: Meters | undefined): Span[] {
  const label = transportLabel(link.transport);
  switch (link.state) {
    case "live": {
      const rtt = meters?.each.get(link.transport)?.rttMs.p50;
      if (link.quiet > 0) {
        return [
          span(" ◑ ", "warn"),
          span(label, "bold"),
          span(`  the server is silent: nothing came for ${link.quiet} s`, "warn"),
        ];
      }
      const swapping = link.swapping === undefined ? "" : ` → ${transportLabel(link.swapping)} …`;
      return [
        span(" ● ", "good"),
        span(`${label}${swapping}`, "bold"),
        span(rtt === undefined || rtt === null ? "" : `  ${figure(rtt)} ms`),
      ];
    }
    case "connecting":
      return [span(" ◌ ", "warn"), span(`connecting over ${label} …`), ...why(link)];
    case "waiting":
      return [span(" ○ ", "bad"), span(`reconnecting in ${link.seconds} s`, "bold"), ...why(link)];
    case "closed":
      return [span(" ✗ ", "bad"), span("closed", "bold"), ...why(link)];
  }
}

function why({ reason }: Link): Span[] {
  return reason === undefined ? [] : [span(`: ${reason}`)];
}

function figureParts({ lastOutage }: Link, meters: Meters | undefined): Row[] {
  if (!meters) return [];
  const { all, gaps, rate, roundTrips } = meters;
  const told: Row = [span(`  gaps ${gaps}`)];
  const figures: Row[] = [
    [span(roundTrips.length > 1 ? ` ${sparkline(roundTrips.slice(-8))}` : "", "dim")],
    [span(`  ↻${all.reconnects}`)],
    [span(lastOutage ? ` (last ${clock(lastOutage.at)}, ${duration(lastOutage.ms)})` : "")],
    [span(`  ↓${figure(all.bytesPerMessageDown)} ↑${figure(all.bytesPerMessageUp)} B/msg`)],
    rate >= 100 ? [span(`  ${bytes(rate)}/s`)] : [],
  ];
  // What was lost is told before anything else that there is room for.
  return gaps > 0 ? [told, ...figures] : [...figures, told];
}
