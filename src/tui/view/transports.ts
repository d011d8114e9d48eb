import { TRANSPORTS, type TransportName } from "../../client/transport-names.ts";
import type { Figures } from "../../client/meter.ts";
import type { State } from "../store/state.ts";
import { figure, transportLabel, transportShort } from "./format.ts";
import { BLANK, fitRow, type Row, ruleRow, span } from "./row.ts";

type TransportsState = Pick<State, "link" | "meters">;

/** The transports side by side, short. */
export function transportRows({ link, meters }: TransportsState, width: number): readonly Row[] {
  const rows = TRANSPORTS.map((name): Row => {
    const mark = name === link.transport ? "▸" : " ";
    const figures = meters?.each.get(name);
    const text = figures ? briefly(figures) : "—";
    return fitRow(
      [
        span(
          `${mark}${transportShort(name).padEnd(5)}`,
          name === link.transport ? "bold" : "plain",
        ),
        span(text, figures ? "plain" : "dim"),
      ],
      width,
    );
  });
  return [ruleRow("TRANSPORTS (F3)", width), ...rows];
}

function briefly({ rttMs, bytesPerMessageDown }: Figures): string {
  const perMessage = bytesPerMessageDown === null ? "—" : `${figure(bytesPerMessageDown)} B`;
  return `p50${figure(rttMs.p50).padStart(4)} p95${figure(rttMs.p95).padStart(4)} ${perMessage.padStart(6)}`;
}

interface Column {
  readonly title: string;
  readonly value: (figures: Figures) => string;
}

const COLUMNS: readonly Column[] = [
  { title: "rtt p50", value: ({ rttMs }) => figure(rttMs.p50) },
  { title: "rtt p95", value: ({ rttMs }) => figure(rttMs.p95) },
  { title: "dlv p50", value: ({ deliveryMs }) => figure(deliveryMs.p50) },
  { title: "dlv p95", value: ({ deliveryMs }) => figure(deliveryMs.p95) },
  { title: "↓ B/msg", value: ({ bytesPerMessageDown }) => figure(bytesPerMessageDown) },
  { title: "↑ B/msg", value: ({ bytesPerMessageUp }) => figure(bytesPerMessageUp) },
  { title: "reconn.", value: ({ reconnects }) => String(reconnects) },
  { title: "messages", value: ({ messages }) => String(messages) },
];

const NAME = 16;
const CELL = 9;

/** The picker: what each transport has cost and brought, and which one is chosen. */
export function pickerRows(
  { link, meters }: TransportsState,
  chosen: number,
  width: number,
  height: number,
): readonly Row[] {
  const columns = COLUMNS.slice(0, Math.max(0, Math.floor((width - NAME - 2) / CELL)));
  const rows: Row[] = [
    [span(" TRANSPORTS", "title"), span("  ↑ ↓ choose · Enter swaps · Esc closes", "dim")],
    BLANK,
    [span(" ".repeat(NAME + 2) + columns.map(({ title }) => title.padStart(CELL)).join(""), "dim")],
    ...TRANSPORTS.map((name, index) =>
      pickerRow(name, index === chosen, name === link.transport, meters?.each.get(name), columns),
    ),
    BLANK,
    [
      span(
        " rtt: a ping's round trip, a poller's pause included · dlv: from the server's log to here · ms",
        "dim",
      ),
    ],
    [span(" ● in use   — not used yet   Ctrl+T swaps to the next one at once", "dim")],
  ];
  return rows.slice(0, height).map((row) => fitRow(row, width));
}

function pickerRow(
  name: TransportName,
  chosen: boolean,
  used: boolean,
  figures: Figures | undefined,
  columns: readonly Column[],
): Row {
  const label = `${chosen ? "▸" : " "}${used ? "●" : " "}${transportLabel(name)}`.padEnd(NAME + 2);
  const values = columns
    .map(({ value }) => (figures ? value(figures) : "—").padStart(CELL))
    .join("");
  return [
    span(label, chosen ? "selected" : used ? "bold" : "plain"),
    span(values, chosen ? "selected" : figures ? "plain" : "dim"),
  ];
}
