import { describe, expect, it } from "vitest";
import type { Key } from "../../src/tui/input/key.ts";
import { feed, flush, KEYS_START } from "../../src/tui/input/keys.ts";
import {
  commandNames,
  helpRows,
  lookup,
  lookupCommand,
  type Action,
} from "../../src/tui/input/keymap.ts";

const ESC = "\x1b";

function key(bytes: string): Key {
  const { state, keys } = feed(KEYS_START, Buffer.from(bytes));
  const [only] = [...keys, ...flush(state).keys];
  if (!only) throw new Error(`${JSON.stringify(bytes)} is no key`);
  return only;
}

/** Each action and the bytes a terminal sends for it; a forgotten action doesn't compile. */
const BYTES: Record<Action, string[]> = {
  swap: ["\x14"],
  picker: [`${ESC}OR`, `${ESC}[13~`],
  "room-next": ["\x0e", `${ESC}[1;3B`, `${ESC}${ESC}[B`],
  "room-previous": ["\x10", `${ESC}[1;3A`],
  "room-unread": [`${ESC}a`],
  "room-1": [`${ESC}1`],
  "room-2": [`${ESC}2`],
  "room-3": [`${ESC}3`],
  "room-4": [`${ESC}4`],
  "room-5": [`${ESC}5`],
  "room-6": [`${ESC}6`],
  "room-7": [`${ESC}7`],
  "room-8": [`${ESC}8`],
  "room-9": [`${ESC}9`],
  "rooms-toggle": [`${ESC}OQ`],
  "page-up": [`${ESC}[5~`],
  "page-down": [`${ESC}[6~`],
  top: [`${ESC}[1;3H`],
  bottom: [`${ESC}[1;3F`],
  redraw: ["\x0c"],
  send: ["\r"],
  resend: [`${ESC}r`],
  complete: ["\t"],
  "delete-or-quit": ["\x04"],
  interrupt: ["\x03"],
  quit: [],
  help: [`${ESC}OP`],
  close: [ESC],
  left: [`${ESC}[D`],
  right: [`${ESC}[C`],
  "word-left": [`${ESC}b`, `${ESC}[1;5D`],
  "word-right": [`${ESC}f`, `${ESC}[1;5C`],
  home: ["\x01", `${ESC}[H`],
  end: ["\x05", `${ESC}[F`],
  up: [`${ESC}[A`],
  down: [`${ESC}[B`],
  backspace: ["\x7f", "\b"],
  delete: [`${ESC}[3~`],
  "kill-blank-left": ["\x17"],
  "kill-word-left": [`${ESC}\x7f`],
  "kill-word-right": [`${ESC}d`],
  "kill-to-start": ["\x15"],
  "kill-to-end": ["\x0b"],
  yank: ["\x19"],
  newline: ["\n", `${ESC}\r`, `${ESC}[13;2u`],
  clear: [],
};

describe("key map", () => {
  it.each(Object.entries(BYTES).flatMap(([action, all]) => all.map((bytes) => [action, bytes])))(
    "does %s on %j",
    (action, bytes) => {
      expect(lookup(key(bytes ?? ""))).toBe(action);
    },
  );

  it("has no meaning for text, pastes, and keys that the terminal or tmux needs", () => {
    for (const bytes of ["a", "é", `${ESC}[200~x${ESC}[201~`, "\x02", "\x13", "\x11"]) {
      expect(lookup(key(bytes))).toBeUndefined();
    }
  });

  it("quits when the terminal is gone", () => {
    expect(lookup({ kind: "closed" })).toBe("quit");
  });

  it("knows every command that the help names", () => {
    const named = helpRows().flatMap((row) => row.command ?? []);
    expect(named).toEqual(commandNames());
    expect(new Set(named).size).toBe(named.length);
    for (const command of named) expect(lookupCommand(command)).toBeDefined();
    expect(lookupCommand("/quit")).toBe("quit");
    expect(lookupCommand("/nothing")).toBeUndefined();
  });

  it("names keys as people do", () => {
    const keys = helpRows().map((row) => row.keys);
    expect(keys).toContain("Ctrl+N, Alt+↓");
    expect(keys).toContain("Alt+1…9");
    expect(keys).toContain("PgUp");
    expect(keys).toContain("Ctrl+D");
  });
});
