import { chordKey, namedKey, type Key, type Modifiers, type SpecialName } from "./key.ts";

/**
 * What escape sequences mean as keys: the dialects of xterm, VT220, rxvt, the Linux console and
 * PuTTY, xterm's modifyOtherKeys, and the kitty keyboard protocol
 * (https://sw.kovidgoyal.net/kitty/keyboard-protocol/). What is no key (mouse, focus, replies to
 * queries, key releases, modifiers alone) is `undefined`.
 */

const LETTERS: Readonly<Record<string, SpecialName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  E: "clear",
  F: "end",
  H: "home",
  P: "f1",
  Q: "f2",
  R: "f3",
  S: "f4",
};

const NUMBERS: Readonly<Record<number, SpecialName>> = {
  1: "home",
  2: "insert",
  3: "delete",
  4: "end",
  5: "pageup",
  6: "pagedown",
  7: "home",
  8: "end",
  11: "f1",
  12: "f2",
  13: "f3",
  14: "f4",
  15: "f5",
  17: "f6",
  18: "f7",
  19: "f8",
  20: "f9",
  21: "f10",
  23: "f11",
  24: "f12",
};

/** Keys that have a code of their own, ASCII or from kitty's private range. */
const CODES: Readonly<Record<number, SpecialName>> = {
  8: "backspace",
  9: "tab",
  13: "enter",
  27: "escape",
  127: "backspace",
  57414: "enter",
  57417: "left",
  57418: "right",
  57419: "up",
  57420: "down",
  57421: "pageup",
  57422: "pagedown",
  57423: "home",
  57424: "end",
  57425: "insert",
  57426: "delete",
  57427: "clear",
};

/** kitty's codes of the keypad, from 57399 on. */
const KITTY_KEYPAD = "0123456789./*-+";
const KITTY_KEYPAD_FIRST = 57399;
const KITTY_KEYPAD_MORE: Readonly<Record<number, string>> = { 57415: "=", 57416: "," };

/** The keypad in application mode, SS3 from `j` to `y`. */
const APPLICATION_KEYPAD = "*+,-./0123456789";

/** What Ctrl makes of these letters in plain bytes, so that both encodings give the same key. */
const CTRL_ALIASES: Readonly<Record<string, SpecialName>> = {
  h: "backspace",
  i: "tab",
  m: "enter",
  "[": "escape",
};

/** The key of `CSI body final`. */
export function csiKey(body: string, final: string): Key | undefined {
  if (body.startsWith("[")) return linuxConsoleKey(body.slice(1), final);
  if (!/^[\d;:]*$/.test(body)) return undefined;
  const fields = body.split(";").map((field) => field.split(":").map(Number));
  const first = fields[0]?.[0] ?? 0;
  const [modifier = 0, event = 1] = fields[1] ?? [];
  if (event === 3) return undefined;
  if (final === "~" && first === 27 && fields.length > 2) {
    return codeKey(fields[2]?.[0] ?? 0, decodeModifiers(modifier));
  }
  if (final === "u") return kittyKey(fields, decodeModifiers(modifier));
  if (final === "~") return special(NUMBERS[first], decodeModifiers(modifier));
  if (final === "Z") return special("tab", { ...decodeModifiers(modifier), shift: true });
  // rxvt names the modifiers by the last character.
  if (final === "$") return special(NUMBERS[first], { shift: true });
  if (final === "^") return special(NUMBERS[first], { ctrl: true });
  if (final === "@") return special(NUMBERS[first], { ctrl: true, shift: true });
  if (body === "" && /[a-d]/.test(final))
    return special(LETTERS[final.toUpperCase()], { shift: true });
  // With parameters it is where the cursor is, not F3.
  if (final === "R" && body !== "") return undefined;
  return special(LETTERS[final], decodeModifiers(fields.length > 1 ? modifier : first));
}

/** The key of `SS3 body final`; `body` is digits and `;`. */
export function ss3Key(body: string, final: string): Key | undefined {
  const modifiers = decodeModifiers(Number(body.split(";").at(-1)));
  if (final === "M") return special("enter", modifiers);
  if (final === "I") return special("tab", modifiers);
  if (final === "X") return typed("=", modifiers);
  if (/[a-d]/.test(final)) return special(LETTERS[final.toUpperCase()], { ctrl: true });
  const keypad = final >= "j" ? APPLICATION_KEYPAD[final.charCodeAt(0) - 0x6a] : undefined;
  return keypad ? typed(keypad, modifiers) : special(LETTERS[final], modifiers);
}

/** F1 to F5 as `CSI [ A` to `CSI [ E`, paging as `CSI [ 5 ~`. */
function linuxConsoleKey(body: string, final: string): Key | undefined {
  if (final === "~") return special(NUMBERS[Number(body)], {});
  return body === "" && /[A-E]/.test(final)
    ? namedKey(`f${final.charCodeAt(0) - 0x40}`)
    : undefined;
}

function kittyKey(fields: number[][], modifiers: Modifiers | undefined): Key | undefined {
  const [code = 0, shifted] = fields[0] ?? [];
  const text = fields[2]?.filter(isPrintable).map((point) => String.fromCodePoint(point));
  if (text?.length && modifiers && !modifiers.ctrl && !modifiers.alt)
    return { kind: "text", text: text.join("") };
  const chord = (modifiers?.ctrl ?? false) || (modifiers?.alt ?? false);
  return codeKey(!chord && modifiers?.shift && shifted ? shifted : code, modifiers);
}

function codeKey(code: number, modifiers: Modifiers | undefined): Key | undefined {
  const name = CODES[code];
  if (name) return special(name, modifiers);
  const keypad = KITTY_KEYPAD[code - KITTY_KEYPAD_FIRST] ?? KITTY_KEYPAD_MORE[code];
  if (keypad) return typed(keypad, modifiers);
  return isPrintable(code) ? typed(String.fromCodePoint(code), modifiers) : undefined;
}

function typed(character: string, modifiers: Modifiers | undefined): Key | undefined {
  if (!modifiers) return undefined;
  if (modifiers.ctrl) {
    const alias = CTRL_ALIASES[character];
    if (alias) return namedKey(alias, { ...modifiers, ctrl: false });
  }
  if (modifiers.ctrl || modifiers.alt) return chordKey(character, modifiers);
  return { kind: "text", text: modifiers.shift ? character.toUpperCase() : character };
}

function special(name: SpecialName | undefined, modifiers: Modifiers | undefined): Key | undefined {
  return name && modifiers ? namedKey(name, modifiers) : undefined;
}

/**
 * The modifier parameter: 1 plus bits for shift, alt, ctrl, super, hyper, meta and two locks. With
 * super or hyper the chord belongs to the desktop: `undefined`.
 */
function decodeModifiers(parameter: number): Modifiers | undefined {
  const bits = Math.max(0, (parameter || 1) - 1);
  if (bits & 0b1_1000) return undefined;
  return { shift: (bits & 1) !== 0, alt: (bits & 0b10_0010) !== 0, ctrl: (bits & 4) !== 0 };
}

function isPrintable(point: number): boolean {
  const control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  // The private range is where kitty keeps its functional keys.
  const functional = point >= 0xe000 && point <= 0xf8ff;
  return point <= 0x10_ffff && !control && !surrogate && !functional;
}
