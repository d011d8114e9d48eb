import { describe, expect, it } from "vitest";
import { currentRoom, type State } from "../../src/tui/store/state.ts";
import { rowText } from "./support/text.ts";
import { statusRow } from "../../src/tui/view/status.ts";
import { after, figures, fresh, NOON } from "./support/states.ts";

const live = { kind: "live", transport: "sse", now: NOON } as const;
const lost = { kind: "lost", transport: "sse", reason: "reset", now: NOON } as const;
const waiting = {
  kind: "waiting",
  transport: "sse",
  seconds: 3,
  reason: "no connection",
  now: NOON,
} as const;

const status = (state: State, width = 120) => rowText(statusRow(state, width, false)).trimEnd();
const dividers = (state: State) =>
  currentRoom(state).entries.flatMap((entry) => (entry.kind === "divider" ? [entry.text] : []));

describe("the status bar", () => {
  it("tells the state without colour", () => {
    expect(status(fresh())).toMatch(/^ ◌ connecting over WebSocket …/);
    expect(status(after(fresh(), live))).toMatch(/^ ● SSE/);
    expect(status(after(fresh(), live, lost, waiting))).toMatch(
      /^ ○ reconnecting in 3 s: no connection/,
    );
    expect(
      status(after(fresh(), live, lost, waiting, { kind: "countdown", seconds: 2 })),
    ).toContain("in 2 s");
    expect(status(after(fresh(), { kind: "closed", reason: "nick taken" }))).toMatch(
      /^ ✗ closed: nick taken/,
    );
    expect(status(after(fresh(), live, { kind: "swap-wanted", transport: "polling" }))).toContain(
      "SSE → polling …",
    );
  });

  it("says that a server is silent long before it is given up, in place of its figures", () => {
    const silent = after(fresh(), live, { kind: "quiet", seconds: 8 });
    expect(status(silent)).toMatch(/^ ◑ SSE {2}the server is silent: nothing came for 8 s/);
    expect(status(silent, 52)).toBe(" ◑ SSE  the server is silent: nothing came for 8 s");
    expect(status(after(silent, { kind: "quiet", seconds: 0 }))).toMatch(/^ ● SSE/);
  });

  it("shows the figures of the transport in use, and the keys", () => {
    const each = new Map([["sse", figures()]] as const);
    const meters = {
      all: figures({ reconnects: 2 }),
      each,
      gaps: 0,
      rate: 4_100,
      roundTrips: [10, 12, 30],
    };
    const state = after(
      fresh(),
      live,
      lost,
      { ...live, now: NOON + 1_400 },
      { kind: "meters", meters },
    );
    expect(status(state)).toBe(
      " ● SSE  12 ms ▁▂█  ↻2 (last 12:00, 1.4 s)  ↓88 ↑31 B/msg  4.1 kB/s  gaps 0                   Ctrl+T transport · F1 help",
    );
  });

  it.each([120, 80, 60, 40, 20, 5])("fits into %i cells", (width) => {
    const meters = { all: figures(), each: new Map(), gaps: 0, rate: 4_100, roundTrips: [1, 2] };
    expect(
      status(after(fresh(), live, { kind: "meters", meters }), width).length,
    ).toBeLessThanOrEqual(width);
  });
});

it("tells in the log of a link that was lost and came back, and of a swap", () => {
  const state = after(
    fresh(),
    live,
    lost,
    waiting,
    { ...live, now: NOON + 1_400 },
    { kind: "swapped", transport: "polling", text: "sse → polling in 12 ms", now: NOON },
  );
  expect(dividers(state)).toEqual([
    "connection lost: reset",
    "back on SSE after 1.4 s",
    "sse → polling in 12 ms",
  ]);
});
