import { cells } from "../text/width.ts";
import { type ComposerLayout, layoutComposer } from "../composer/layout.ts";
import type { ComposerState } from "../composer/state.ts";
import { currentRoom, type State } from "../store/state.ts";
import { roomName } from "./format.ts";

/** How much of the interface there is room for. */
type Mode = "full" | "medium" | "small" | "tiny";

/** Where everything is. Widths and heights in cells; 0: it isn't shown. Together they fill the terminal exactly. */
export interface Layout {
  readonly mode: Mode;
  readonly columns: number;
  readonly rows: number;
  readonly header: 0 | 1;
  /** A row of prices above the log. */
  readonly strip: 0 | 1;
  /** Height of what is between header and notice. */
  readonly body: number;
  /** Width of the rooms, with their border. */
  readonly left: number;
  readonly log: number;
  /** Width of prices and transports, with their border. */
  readonly right: number;
  /** Cells for nicks in the log; 0: they stand before the text. */
  readonly nicks: number;
  /** The status bar, or what has just been said to the user in its place. */
  readonly status: 0 | 1;
  readonly composer: ComposerLayout;
  /** Width of what stands before the text being written. */
  readonly prompt: number;
}

const LEFT = { full: 20, medium: 14, small: 0, tiny: 0 } as const;
const RIGHT = { full: 31, medium: 0, small: 0, tiny: 0 } as const;
const NICKS = { full: 10, medium: 9, small: 0, tiny: 0 } as const;

let last:
  | { readonly key: string; readonly composer: ComposerState; readonly layout: Layout }
  | undefined;

/** The layout of the screen. The same object as long as nothing in it changes. */
export function layoutOf(state: State): Layout {
  const { columns, rows, sidebar } = state;
  const { composer } = currentRoom(state);
  const noticed = state.notice !== undefined || state.question !== undefined;
  const key = `${columns} ${rows} ${sidebar} ${noticed} ${state.current} ${state.ticker.source !== undefined}`;
  if (last?.key === key && last.composer === composer) return last.layout;
  const layout = compute(state, composer, noticed);
  last = { key, composer, layout };
  return layout;
}

function compute(state: State, composer: ComposerState, noticed: boolean): Layout {
  const columns = Math.max(1, state.columns);
  const rows = Math.max(1, state.rows);
  const mode = modeOf(columns, rows);
  const tiny = mode === "tiny";
  const header = tiny ? 0 : 1;
  const strip = mode === "medium" && state.ticker.source !== undefined ? 1 : 0;
  const prompt = promptWidth(state.current, columns, tiny);
  // Without room for a status bar there is still some for what has to be said.
  const status = !tiny || (noticed && rows > 2) ? 1 : 0;
  const rest = rows - header - status - strip;
  const written = layoutComposer(
    composer,
    columns - prompt,
    Math.max(1, Math.min(8, Math.floor(rest / 3))),
  );
  const left = state.sidebar ? LEFT[mode] : 0;
  const right = RIGHT[mode];
  return {
    mode,
    columns,
    rows,
    header,
    strip,
    status,
    prompt,
    left,
    right,
    log: columns - left - right,
    nicks: NICKS[mode],
    body: Math.max(0, rest - written.rows.length),
    composer: written,
  };
}

function modeOf(columns: number, rows: number): Mode {
  if (columns >= 100 && rows >= 28) return "full";
  if (columns >= 72 && rows >= 20) return "medium";
  if (columns >= 40 && rows >= 10) return "small";
  return "tiny";
}

function promptWidth(topic: string, columns: number, tiny: boolean): number {
  if (tiny) return Math.min(2, columns - 1);
  return Math.min(cells(roomName(topic)) + 3, Math.floor(columns / 3));
}
