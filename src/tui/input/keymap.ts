import type { EditName } from "../composer/state.ts";
import type { Key } from "./key.ts";

/** What a key does outside the composer. */
type AppAction =
  | "swap"
  | "picker"
  | "room-next"
  | "room-previous"
  | "room-unread"
  | `room-${RoomNumber}`
  | "rooms-toggle"
  | "page-up"
  | "page-down"
  | "top"
  | "bottom"
  | "redraw"
  | "send"
  | "resend"
  | "complete"
  /** Deletes to the right, or quits if there is nothing written. */
  | "delete-or-quit"
  /** Clears what is written; twice on nothing, quits. */
  | "interrupt"
  | "quit"
  | "help"
  | "close";

export type Action = AppAction | EditName;

type RoomNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

type Group = "Transport" | "Rooms" | "View" | "Edit" | "Leave";

/** Some keys and commands with one line of help. */
interface Binding {
  group: Group;
  /** Keys written as in {@link chordOf}. */
  keys: Readonly<Record<string, Action>>;
  /** How the keys are named in the help; default: each of them. */
  shown?: string;
  command?: string;
  /** What the command does; default: what the first key does. */
  commandAction?: Action;
  help: string;
}

export interface HelpRow {
  group: Group;
  /** Names of the keys, such as `Ctrl+N, Alt+↓`. */
  keys: string;
  command?: string;
  help: string;
}

/** The default key map, in the order of the help. Free for the terminal: Ctrl+B, Ctrl+S, Ctrl+Q, bare letters. */
const BINDINGS: readonly Binding[] = [
  {
    group: "Transport",
    keys: { "ctrl+t": "swap" },
    command: "/swap",
    help: "swap to the next transport at once",
  },
  {
    group: "Transport",
    keys: { f3: "picker" },
    command: "/transport",
    help: "compare the transports and pick one",
  },

  {
    group: "Rooms",
    keys: { "ctrl+n": "room-next", "alt+down": "room-next" },
    command: "/next",
    help: "next room",
  },
  {
    group: "Rooms",
    keys: { "ctrl+p": "room-previous", "alt+up": "room-previous" },
    command: "/previous",
    help: "previous room",
  },
  { group: "Rooms", keys: roomKeys(), shown: "Alt+1…9", help: "room by its number" },
  {
    group: "Rooms",
    keys: { "alt+a": "room-unread" },
    command: "/unread",
    help: "next room with something unread",
  },
  {
    group: "Rooms",
    keys: { f2: "rooms-toggle" },
    command: "/sidebar",
    help: "show or hide the list of rooms",
  },

  { group: "View", keys: { pageup: "page-up" }, command: "/pageup", help: "older messages" },
  { group: "View", keys: { pagedown: "page-down" }, command: "/pagedown", help: "newer messages" },
  { group: "View", keys: { "alt+home": "top" }, command: "/top", help: "the oldest message" },
  { group: "View", keys: { "alt+end": "bottom" }, command: "/bottom", help: "the newest message" },
  { group: "View", keys: { "ctrl+l": "redraw" }, command: "/redraw", help: "draw the screen anew" },
  { group: "View", keys: { f1: "help" }, command: "/help", help: "this help" },
  { group: "View", keys: { escape: "close" }, help: "close what is open over the screen" },

  { group: "Edit", keys: { enter: "send" }, help: "send" },
  {
    group: "Edit",
    keys: { "alt+enter": "newline", "ctrl+j": "newline", "shift+enter": "newline" },
    help: "new line",
  },
  { group: "Edit", keys: { tab: "complete" }, help: "complete a nick, #room or /command" },
  {
    group: "Edit",
    keys: { "alt+r": "resend" },
    command: "/resend",
    help: "send again what could not be sent",
  },
  {
    group: "Edit",
    keys: { up: "up", down: "down" },
    help: "line up or down; from the first and last one, history",
  },
  { group: "Edit", keys: { left: "left", right: "right" }, help: "character left or right" },
  {
    group: "Edit",
    keys: { "alt+b": "word-left", "ctrl+left": "word-left", "alt+left": "word-left" },
    help: "word left",
  },
  {
    group: "Edit",
    keys: { "alt+f": "word-right", "ctrl+right": "word-right", "alt+right": "word-right" },
    help: "word right",
  },
  { group: "Edit", keys: { "ctrl+a": "home", home: "home" }, help: "start of the line" },
  { group: "Edit", keys: { "ctrl+e": "end", end: "end" }, help: "end of the line" },
  {
    group: "Edit",
    keys: { backspace: "backspace", "shift+backspace": "backspace" },
    help: "delete to the left",
  },
  { group: "Edit", keys: { delete: "delete" }, help: "delete to the right" },
  { group: "Edit", keys: { "ctrl+w": "kill-blank-left" }, help: "cut back to the last blank" },
  { group: "Edit", keys: { "alt+backspace": "kill-word-left" }, help: "cut the word to the left" },
  { group: "Edit", keys: { "alt+d": "kill-word-right" }, help: "cut the word to the right" },
  { group: "Edit", keys: { "ctrl+u": "kill-to-start" }, help: "cut to the start of the line" },
  { group: "Edit", keys: { "ctrl+k": "kill-to-end" }, help: "cut to the end of the line" },
  { group: "Edit", keys: { "ctrl+y": "yank" }, help: "put back what was cut" },

  {
    group: "Leave",
    keys: { "ctrl+c": "interrupt" },
    help: "clear what is written (↑ brings it back); twice on nothing, quit",
  },
  {
    group: "Leave",
    keys: { "ctrl+d": "delete-or-quit" },
    command: "/quit",
    commandAction: "quit",
    help: "quit; on a text, delete to the right",
  },
];

const ACTIONS: ReadonlyMap<string, Action> = new Map(
  BINDINGS.flatMap(({ keys }) => Object.entries(keys)),
);
const COMMANDS: ReadonlyMap<string, Action> = new Map(
  BINDINGS.flatMap(
    ({ keys, command, commandAction = Object.values(keys)[0] }): [string, Action][] =>
      command && commandAction ? [[command, commandAction]] : [],
  ),
);

/** What a key does; undefined for text, a paste, and keys without a meaning. A closed terminal quits. */
export function lookup(key: Key): Action | undefined {
  if (key.kind === "closed") return "quit";
  return key.kind === "key" ? ACTIONS.get(chordOf(key)) : undefined;
}

/** What a slash command without arguments does, if it is one that a key has too. */
export function lookupCommand(command: string): Action | undefined {
  return COMMANDS.get(command);
}

/** The commands of {@link lookupCommand}, for completion. */
export function commandNames(): string[] {
  return [...COMMANDS.keys()];
}

/** Everything that the key map can do, in the order and the groups in which to show it. */
export function helpRows(): HelpRow[] {
  return BINDINGS.map(
    ({ group, keys, shown = Object.keys(keys).map(nameOf).join(", "), command, help }) => ({
      group,
      keys: shown,
      ...(command === undefined ? {} : { command }),
      help,
    }),
  );
}

/** A key in writing: `ctrl+`, `alt+`, `shift+`, in this order, and its name. */
function chordOf({ name, ctrl, alt, shift }: Key & { kind: "key" }): string {
  return `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
}

const NAMES: Readonly<Record<string, string>> = {
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  pageup: "PgUp",
  pagedown: "PgDn",
  escape: "Esc",
};

function nameOf(chord: string): string {
  return chord
    .split("+")
    .map((part) => NAMES[part] ?? part.charAt(0).toUpperCase() + part.slice(1))
    .join("+");
}

function roomKeys(): Record<string, Action> {
  const numbers: RoomNumber[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  return Object.fromEntries(
    numbers.map((number): [string, Action] => [`alt+${number}`, `room-${number}`]),
  );
}
