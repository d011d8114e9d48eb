import { stripVTControlCharacters } from "node:util";
import { cleanup, render } from "ink-testing-library";
import { afterEach, describe, expect, it, vi } from "vitest";
import { App } from "../../src/tui/app.tsx";
import { StoreContext } from "../../src/tui/hooks/use-store.ts";
import { Store } from "../../src/tui/store/store.ts";
import { cells } from "../../src/tui/text/width.ts";
import { event, fresh, LOBBY, NOON } from "./support/states.ts";

afterEach(() => cleanup());

function show(columns: number, rows: number) {
  const store = new Store(fresh({ columns, rows }));
  const { lastFrame, frames } = render(
    <StoreContext value={store}>
      <App />
    </StoreContext>,
  );
  const lines = (): string[] => stripVTControlCharacters(lastFrame() ?? "").split("\n");
  return { store, frames, lines };
}

const busy = (store: Store) =>
  store.dispatch(
    { kind: "live", transport: "sse", now: NOON },
    { kind: "topic-line", topic: LOBBY, line: "release chatter" },
    { kind: "source", source: "simulated" },
    {
      kind: "ticks",
      update: {
        ticks: [{ symbol: "ACME", price: 101.37, change: 0.12 }],
        received: 30,
        painted: 8,
        now: NOON,
      },
    },
    { kind: "presence", topic: "who:lobby", nick: "bob", here: true, now: NOON },
    event(1, { text: "anyone else seeing 1006 closes?" }),
  );

describe("the screen", () => {
  it.each([
    [100, 30],
    [80, 24],
    [60, 16],
    [40, 10],
    [30, 6],
    [12, 3],
    [1, 1],
  ] as const)("fills %i×%i exactly", async (columns, rows) => {
    const { store, lines } = show(columns, rows);
    busy(store);
    await vi.waitFor(() => expect(lines()).toHaveLength(rows));
    for (const line of lines()) expect(cells(line)).toBeLessThanOrEqual(columns);
  });

  it("has everything side by side where there is room", async () => {
    const { store, lines } = show(100, 30);
    busy(store);
    await vi.waitFor(() =>
      expect(lines()[0]).toMatch(
        /^ backchat {2}#lobby — release chatter +alice@127\.0\.0\.1:4400 {2}12:00/,
      ),
    );
    const text = lines().join("\n");
    expect(text).toMatch(/ROOMS[^]*▸1 #lobby[^]*ONLINE 1/);
    expect(text).toMatch(/TICKER simulated[^]*ACME +101\.37 ▲ +0\.12[^]*TRANSPORTS \(F3\)[^]*▸sse/);
    expect(text).toMatch(/12:00 +bob {2}anyone else seeing 1006 closes\?/);
    expect(lines().at(-2)).toMatch(/^ ● SSE.*Ctrl\+T transport · F1 help/);
    expect(lines().at(-1)).toBe("[#lobby]");
  });

  it("has the prices in a row where there is less", async () => {
    const { store, lines } = show(80, 24);
    busy(store);
    await vi.waitFor(() => expect(lines()[1]).toBe(" simulated  ACME 101.37 ▲0.12"));
  });

  it("has one price, and the rooms in the status bar, where there is little", async () => {
    const { store, lines } = show(60, 16);
    busy(store);
    await vi.waitFor(() =>
      expect(lines()[0]).toMatch(/^ #lobby — release.* ACME 101\.37 ▲0\.12 simulated {2}12:00/),
    );
    expect(lines().at(-2)).toMatch(/^ ● SSE {2}\[1:lobby\]/);
  });

  it("isn't drawn when nothing changed", async () => {
    const { store, frames, lines } = show(100, 30);
    busy(store);
    await vi.waitFor(() => expect(lines()[0]).toContain("release chatter"));
    const drawn = frames.length;
    store.dispatch(
      { kind: "clock", now: NOON + 1 },
      { kind: "part", topic: "room:nowhere" },
      { kind: "presence-settled", topic: "who:lobby" },
    );
    store.dispatch({ kind: "notice", notice: { text: "now", tone: "info" } });
    await vi.waitFor(() => expect(lines().at(-2)).toBe(" now"));
    expect(frames.length).toBe(drawn + 1);
  });
});
