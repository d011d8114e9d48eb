import type { Row, Style } from "./row.ts";

/** Bits of colour that a terminal has: what `WriteStream.getColorDepth()` says, which honours NO_COLOR. */
export type ColorDepth = 1 | 4 | 8 | 24;

export type Paint = (row: Row) => string;

interface Look {
  /** SGR parameters that need no colour. */
  readonly shape?: string;
  /** SGR parameters for 16 colours. */
  readonly basic?: string;
  /** One of 256 colours, where there are as many. */
  readonly fine?: number;
}

const LOOKS: Readonly<Record<Style, Look>> = {
  plain: {},
  dim: { shape: "2" },
  bold: { shape: "1" },
  title: { shape: "1", basic: "36" },
  accent: { basic: "36" },
  good: { basic: "32" },
  bad: { basic: "31" },
  warn: { basic: "33" },
  mention: { shape: "1", basic: "33" },
  action: { shape: "3" },
  selected: { shape: "7" },
  nick0: { basic: "36", fine: 75 },
  nick1: { basic: "32", fine: 114 },
  nick2: { basic: "35", fine: 176 },
  nick3: { basic: "34", fine: 111 },
  nick4: { basic: "33", fine: 179 },
  nick5: { basic: "31", fine: 174 },
  nick6: { basic: "96", fine: 80 },
  nick7: { basic: "92", fine: 150 },
  nick8: { basic: "95", fine: 183 },
  nick9: { basic: "94", fine: 117 },
  nick10: { basic: "93", fine: 216 },
  nick11: { basic: "91", fine: 210 },
};

/** How rows become text with SGR sequences on a terminal of so many colours. */
export function createPaint(depth: ColorDepth): Paint {
  const codes = new Map<Style, string>();
  for (const [style, look] of Object.entries(LOOKS))
    codes.set(style as Style, parametersOf(look, depth));
  const painted = new WeakMap<Row, string>();
  return (row) => {
    let text = painted.get(row);
    if (text === undefined) {
      text = row.map((span) => dress(span.text, codes.get(span.style) ?? "")).join("");
      painted.set(row, text);
    }
    return text;
  };
}

function dress(text: string, parameters: string): string {
  return parameters === "" || text === "" ? text : `\x1b[${parameters}m${text}\x1b[0m`;
}

function parametersOf({ shape, basic, fine }: Look, depth: ColorDepth): string {
  const color = depth === 1 ? undefined : depth >= 8 && fine !== undefined ? `38;5;${fine}` : basic;
  return [shape, color].filter((part) => part !== undefined).join(";");
}
