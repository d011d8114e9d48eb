import { chordKey, namedKey, type Key } from "./key.ts";
import { csiKey, ss3Key } from "./sequences.ts";
import { BAD, decodeUtf8, UTF8_START, type Utf8State } from "./utf8.ts";

/**
 * Terminal input as keys. A pure machine over code points: any split of the same bytes gives the
 * same keys. Only the bytes decide; the two questions that need a clock (is this ESC a key or the
 * start of a sequence? will this paste ever end?) are put to the caller by {@link patience}.
 */
export interface KeyState {
  readonly utf8: Utf8State;
  readonly mode: Mode;
}

/**
 * Where in the input grammar we are.
 * - escape: after ESC, or after two (rxvt and PuTTY say Alt that way: `ESC ESC [ A`)
 * - csi, ss3: within a sequence; `alt` says that a second ESC came before it
 * - string-start, string: after `ESC ]`, `ESC P` or `ESC _`; within an OSC, DCS or APC reply
 * - mouse: the raw characters after `CSI M` (X10 mouse report)
 * - paste: within a bracketed paste; `matched` counts the characters of its end marker
 *   seen so far, which are not in `text`
 */
type Mode =
  | { readonly kind: "ground" }
  | { readonly kind: "escape"; readonly twice: boolean }
  | { readonly kind: "csi"; readonly alt: boolean; readonly body: string }
  | { readonly kind: "ss3"; readonly alt: boolean; readonly body: string }
  | { readonly kind: "string-start"; readonly introducer: string }
  | { readonly kind: "string"; readonly escape: boolean }
  | { readonly kind: "mouse"; readonly left: number }
  | { readonly kind: "paste"; readonly text: string; readonly matched: number };

/** Longest CSI or SS3 body, in characters; a longer one is dropped. */
const MAX_BODY = 64;

/**
 * UTF-16 units of one paste that are kept, give or take one marker. Far above what a composer takes, so that it still
 * sees that the paste was too long; what is beyond is dropped up to the end of the paste.
 */
export const MAX_PASTE = 256 * 1024;

const ESC = 0x1b;
const BEL = 0x07;
const ST = 0x9c;
const PASTE_END = "\x1b[201~";

const GROUND: Mode = { kind: "ground" };
const ESCAPE: Mode = { kind: "escape", twice: false };

export const KEYS_START: KeyState = { utf8: UTF8_START, mode: GROUND };

/** Takes the next bytes from the terminal. */
export function feed(state: KeyState, bytes: Uint8Array): { state: KeyState; keys: Key[] } {
  const keys: Key[] = [];
  const decoded = decodeUtf8(state.utf8, bytes);
  let mode = state.mode;
  for (const point of decoded.points) mode = step(mode, point, keys);
  return { state: { utf8: decoded.state, mode }, keys };
}

/**
 * How long (ms) to wait for more bytes before calling {@link flush}; undefined when nothing is
 * pending. A lone ESC is a key after 30 ms; a cut sequence over a slow link gets 250 ms, because
 * its tail would be taken for text; a paste that doesn't go on has lost its end after 1 s.
 */
export function patience({ mode }: KeyState): number | undefined {
  switch (mode.kind) {
    case "ground":
      return undefined;
    case "escape":
      return 30;
    case "string":
      return mode.escape ? 30 : 250;
    case "csi":
    case "ss3":
    case "string-start":
    case "mouse":
      return 250;
    case "paste":
      return 1000;
  }
}

/** Ends what is pending: a lone ESC becomes a key, a paste is handed over, a cut sequence dropped. */
export function flush({ utf8, mode }: KeyState): { state: KeyState; keys: Key[] } {
  const keys: Key[] = [];
  switch (mode.kind) {
    case "escape":
      keys.push(...Array.from({ length: mode.twice ? 2 : 1 }, () => namedKey("escape")));
      break;
    case "csi":
    case "ss3":
      if (mode.body !== "") break;
      if (mode.alt) keys.push(namedKey("escape"));
      keys.push(chordKey(mode.kind === "csi" ? "[" : "O", { alt: true }));
      break;
    case "string-start":
      keys.push(chordKey(mode.introducer, { alt: true }));
      break;
    case "string":
      if (mode.escape) keys.push(namedKey("escape"));
      break;
    case "paste":
      pushPaste(mode.text, keys);
      break;
    case "ground":
    case "mouse":
      break;
  }
  return { state: { utf8, mode: GROUND }, keys };
}

function step(mode: Mode, point: number, keys: Key[]): Mode {
  switch (mode.kind) {
    case "ground":
      if (point === ESC) return ESCAPE;
      pushPlain(point, false, keys);
      return GROUND;
    case "escape":
      return afterEscape(mode.twice, point, keys);
    case "csi":
      return inCsi(mode, point, keys);
    case "ss3":
      return inSs3(mode, point, keys);
    case "string-start":
      if (startsReply(mode.introducer, point)) return { kind: "string", escape: false };
      keys.push(chordKey(mode.introducer, { alt: true }));
      return step(GROUND, point, keys);
    case "string":
      if (mode.escape) return point === 0x5c ? GROUND : step(ESCAPE, point, keys);
      if (point === BEL || point === ST) return GROUND;
      if (point === ESC) return { kind: "string", escape: true };
      // No reply has control characters: this one broke off, and someone is typing.
      return isControl(point) ? step(GROUND, point, keys) : mode;
    case "mouse":
      if (isControl(point)) return step(GROUND, point, keys);
      return mode.left > 1 ? { kind: "mouse", left: mode.left - 1 } : GROUND;
    case "paste":
      return inPaste(mode, point, keys);
  }
}

function afterEscape(twice: boolean, point: number, keys: Key[]): Mode {
  if (point === BAD) return { kind: "escape", twice };
  if (point === 0x5b) return { kind: "csi", alt: twice, body: "" };
  if (point === 0x4f) return { kind: "ss3", alt: twice, body: "" };
  if (twice) keys.push(namedKey("escape"));
  if (point === ESC) return { kind: "escape", twice: true };
  const character = String.fromCodePoint(point);
  if ("]P_".includes(character)) return { kind: "string-start", introducer: character };
  pushPlain(point, true, keys);
  return GROUND;
}

function inCsi(mode: Mode & { kind: "csi" }, point: number, keys: Key[]): Mode {
  const { alt, body } = mode;
  if (point === BAD) return mode;
  if (point < 0x20 || point > 0x7e) return step(GROUND, point, keys);
  const character = String.fromCodePoint(point);
  const isRxvtShift = character === "$" && /^[235678]$/.test(body);
  const isLinuxConsole = character === "[" && body === "";
  if ((point < 0x40 && !isRxvtShift) || isLinuxConsole) {
    return body.length < MAX_BODY ? { kind: "csi", alt, body: body + character } : GROUND;
  }
  if (character === "M" && body === "") return { kind: "mouse", left: 3 };
  if (character === "~" && body === "200") return { kind: "paste", text: "", matched: 0 };
  pushKey(csiKey(body, character), alt, keys);
  return GROUND;
}

function inSs3(mode: Mode & { kind: "ss3" }, point: number, keys: Key[]): Mode {
  const { alt, body } = mode;
  if (point === BAD) return mode;
  const character = String.fromCodePoint(point);
  if (/[\d;]/.test(character)) {
    return body.length < MAX_BODY ? { kind: "ss3", alt, body: body + character } : GROUND;
  }
  if (point < 0x40 || point > 0x7e) return step(GROUND, point, keys);
  pushKey(ss3Key(body, character), alt, keys);
  return GROUND;
}

function inPaste(mode: Mode & { kind: "paste" }, point: number, keys: Key[]): Mode {
  if (point === BAD) return mode;
  const character = String.fromCodePoint(point);
  if (character === PASTE_END[mode.matched]) {
    const matched = mode.matched + 1;
    if (matched < PASTE_END.length) return { ...mode, matched };
    pushPaste(mode.text, keys);
    return GROUND;
  }
  // What looked like the end wasn't. ESC stands at the start of the marker only.
  const begins = point === ESC;
  const missed = PASTE_END.slice(0, mode.matched) + (begins ? "" : character);
  const text = mode.text.length < MAX_PASTE ? mode.text + missed : mode.text;
  return { kind: "paste", text, matched: begins ? 1 : 0 };
}

/** What OSC, DCS and APC replies begin with. Anything else is Alt and a character, typed. */
function startsReply(introducer: string, point: number): boolean {
  const character = point === BAD ? "" : String.fromCodePoint(point);
  if (introducer === "]") return /\d/.test(character);
  return introducer === "P" ? /[\d>!]/.test(character) : character === "G";
}

function pushPlain(point: number, alt: boolean, keys: Key[]): void {
  if (point === BAD || (point >= 0x80 && point <= 0x9f)) return;
  if (point === 0x0d) keys.push(namedKey("enter", { alt }));
  else if (point === 0x09) keys.push(namedKey("tab", { alt }));
  else if (point === 0x7f || point === 0x08) keys.push(namedKey("backspace", { alt }));
  else if (point === 0) keys.push(namedKey("space", { ctrl: true, alt }));
  else if (point < 0x20)
    keys.push(namedKey(String.fromCodePoint(point | 0x40).toLowerCase(), { ctrl: true, alt }));
  else if (alt) keys.push(chordKey(String.fromCodePoint(point), { alt }));
  else keys.push({ kind: "text", text: String.fromCodePoint(point) });
}

function pushKey(key: Key | undefined, alt: boolean, keys: Key[]): void {
  if (key) keys.push(alt && key.kind === "key" ? { ...key, alt: true } : key);
}

function pushPaste(text: string, keys: Key[]): void {
  if (text !== "") keys.push({ kind: "paste", text: text.replaceAll(/\r\n?/g, "\n") });
}

function isControl(point: number): boolean {
  return point >= 0 && point < 0x20;
}
