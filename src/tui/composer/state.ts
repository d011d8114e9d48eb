import { stripControls } from "../../client/clean.ts";
import * as place from "../text/cursor.ts";
import { cells } from "../text/width.ts";

/**
 * The line being written, as a value: each action gives the next state. Nothing that was written is
 * ever lost: what is cleared, sent, or left behind while going through the history is in the history.
 */
export interface ComposerState {
  readonly text: string;
  /** UTF-16 index into `text`, always between two graphemes. */
  readonly cursor: number;
  /** What was sent or cleared, oldest first; at most {@link MAX_HISTORY} texts. */
  readonly history: readonly string[];
  /** Which entry of the history is shown; undefined while writing. */
  readonly historyIndex: number | undefined;
  /** What was being written before going into the history. */
  readonly draft: string;
  /** What the last kills removed, for `yank`. */
  readonly killed: string;
  /** Whether the last action was a kill: the next one then adds to `killed`. */
  readonly killing: boolean;
  /** The column in cells that `up` and `down` try to keep. */
  readonly column: number | undefined;
  /** The last action would have made the text too long and was refused whole. */
  readonly full: boolean;
}

/** Edits that need nothing but their name; the key map refers to them. */
export type EditName =
  | "left"
  | "right"
  | "word-left"
  | "word-right"
  | "home"
  | "end"
  | "up"
  | "down"
  | "backspace"
  | "delete"
  | "kill-blank-left"
  | "kill-word-left"
  | "kill-word-right"
  | "kill-to-start"
  | "kill-to-end"
  | "yank"
  | "newline"
  | "clear";

export type ComposerAction =
  | { kind: EditName }
  /** Typed or pasted text; control characters in it are dropped. */
  | { kind: "insert"; text: string }
  /** Replaces everything, as completion does. */
  | { kind: "set"; text: string; cursor: number };

/** Longest text in UTF-8 bytes. */
export const MAX_TEXT_BYTES = 16 * 1024;

export const MAX_HISTORY = 100;

export function emptyComposer(history: readonly string[] = []): ComposerState {
  return {
    text: "",
    cursor: 0,
    history: history.slice(-MAX_HISTORY),
    historyIndex: undefined,
    draft: "",
    killed: "",
    killing: false,
    column: undefined,
    full: false,
  };
}

export function reduceComposer(state: ComposerState, action: ComposerAction): ComposerState {
  const { text, cursor } = state;
  switch (action.kind) {
    case "insert":
      return insert(state, action.text);
    case "set":
      return replace(state, 0, text.length, action.text, action.cursor);
    case "newline":
      return insert(state, "\n");
    case "yank":
      return insert(state, state.killed);
    case "left":
      return move(state, place.previousBoundary(text, cursor));
    case "right":
      return move(state, place.nextBoundary(text, cursor));
    case "word-left":
      return move(state, place.wordStart(text, cursor));
    case "word-right":
      return move(state, place.wordEnd(text, cursor));
    case "home":
      return move(state, place.lineStart(text, cursor));
    case "end":
      return move(state, place.lineEnd(text, cursor));
    case "up":
      return up(state);
    case "down":
      return down(state);
    case "backspace":
      return replace(state, place.previousBoundary(text, cursor), cursor, "");
    case "delete":
      return replace(state, cursor, place.nextBoundary(text, cursor), "");
    case "kill-blank-left":
      return kill(state, place.blankStart(text, cursor), cursor);
    case "kill-word-left":
      return kill(state, place.wordStart(text, cursor), cursor);
    case "kill-word-right":
      return kill(state, cursor, place.wordEnd(text, cursor));
    case "kill-to-start":
      return kill(state, startOrBefore(text, cursor), cursor);
    case "kill-to-end":
      return kill(state, cursor, endOrAfter(text, cursor));
    case "clear":
      return cleared(state);
  }
}

/** Takes the text to send it; undefined if there is nothing but white space, which then stays. */
export function submit(state: ComposerState): { state: ComposerState; text: string | undefined } {
  if (state.text.trim() === "") return { state: quiet(state), text: undefined };
  return { state: cleared(state), text: state.text };
}

function insert(state: ComposerState, text: string): ComposerState {
  return replace(state, state.cursor, state.cursor, text);
}

/** Puts `added` in place of `start` to `end`; the cursor goes behind it, or to `cursor`. */
function replace(
  state: ComposerState,
  start: number,
  end: number,
  added: string,
  cursor?: number,
): ComposerState {
  // Each UTF-16 unit is at least one byte: what is far too long needn't be looked through.
  const clean = added.length > 4 * MAX_TEXT_BYTES ? added : stripControls(added);
  if (clean.length > MAX_TEXT_BYTES) return { ...quiet(state), full: true };
  const text = state.text.slice(0, start) + clean + state.text.slice(end);
  if (text === state.text && cursor === undefined) return quiet(state);
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) return { ...quiet(state), full: true };
  return {
    ...quiet(state),
    text,
    cursor: place.snap(text, Math.min(cursor ?? start + clean.length, text.length)),
    history: withDraft(state),
    historyIndex: undefined,
    draft: "",
  };
}

function kill(state: ComposerState, start: number, end: number): ComposerState {
  const removed = state.text.slice(start, end);
  if (removed === "") return quiet(state);
  const before = state.killing ? state.killed : "";
  const killed = end === state.cursor ? removed + before : before + removed;
  return { ...replace(state, start, end, ""), killed, killing: true };
}

function cleared(state: ComposerState): ComposerState {
  return {
    ...quiet(state),
    text: "",
    cursor: 0,
    history: remember(withDraft(state), state.text),
    historyIndex: undefined,
    draft: "",
  };
}

function up(state: ComposerState): ComposerState {
  const start = place.lineStart(state.text, state.cursor);
  if (start > 0) return toLine(state, place.lineStart(state.text, start - 1));
  const index = (state.historyIndex ?? state.history.length) - 1;
  const draft = state.historyIndex === undefined ? state.text : state.draft;
  return index < 0 ? quiet(state) : recall(state, index, draft);
}

function down(state: ComposerState): ComposerState {
  const end = place.lineEnd(state.text, state.cursor);
  if (end < state.text.length) return toLine(state, end + 1);
  return state.historyIndex === undefined
    ? quiet(state)
    : recall(state, state.historyIndex + 1, state.draft);
}

/** Shows an entry of the history, or the draft beyond its end. */
function recall(state: ComposerState, index: number, draft: string): ComposerState {
  const entry = state.history[index];
  const text = entry ?? draft;
  const left = entry === undefined;
  return {
    ...quiet(state),
    text,
    cursor: text.length,
    historyIndex: left ? undefined : index,
    draft: left ? "" : draft,
  };
}

function toLine(state: ComposerState, start: number): ComposerState {
  const { text, cursor } = state;
  const column = state.column ?? cells(text.slice(place.lineStart(text, cursor), cursor));
  return { ...quiet(state), cursor: place.atColumn(text, start, column), column };
}

function move(state: ComposerState, cursor: number): ComposerState {
  return { ...quiet(state), cursor };
}

/** The same text, with what only the last action meant forgotten. */
function quiet(state: ComposerState): ComposerState {
  return { ...state, killing: false, column: undefined, full: false };
}

/** The history, with the draft that an edit of an old entry leaves behind. */
function withDraft(state: ComposerState): readonly string[] {
  return state.historyIndex === undefined ? state.history : remember(state.history, state.draft);
}

function remember(history: readonly string[], text: string): readonly string[] {
  if (text.trim() === "" || history.at(-1) === text) return history;
  return [...history, text].slice(-MAX_HISTORY);
}

/** The start of the line; at it, the line end before. */
function startOrBefore(text: string, cursor: number): number {
  const start = place.lineStart(text, cursor);
  return start === cursor ? Math.max(0, start - 1) : start;
}

/** The end of the line; at it, past the line end. */
function endOrAfter(text: string, cursor: number): number {
  const end = place.lineEnd(text, cursor);
  return end === cursor ? Math.min(text.length, end + 1) : end;
}
