/** What a person did at the keyboard, whatever bytes the terminal made of it. */
export type Key = TextKey | NamedKey | PasteKey | ClosedKey;

/** Typed text: one code point (more only where a terminal reports several for one key). */
interface TextKey {
  kind: "text";
  text: string;
}

/**
 * A key that isn't text, or a character with Ctrl or Alt. `name` is a {@link SpecialName} or the
 * character, letters in lower case (`shift` tells).
 */
export interface NamedKey {
  kind: "key";
  name: string;
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
}

/** A bracketed paste, its line ends made `\n`, otherwise as it came; never empty. */
interface PasteKey {
  kind: "paste";
  text: string;
}

/** The terminal is gone: no key will follow. */
interface ClosedKey {
  kind: "closed";
}

export type SpecialName =
  | "enter"
  | "tab"
  | "backspace"
  | "escape"
  | "space"
  | "up"
  | "down"
  | "left"
  | "right"
  | "home"
  | "end"
  | "insert"
  | "delete"
  | "pageup"
  | "pagedown"
  | "clear"
  | `f${number}`;

/** The modifiers that keys are told apart by. */
export interface Modifiers {
  ctrl?: boolean;
  alt?: boolean;
  shift?: boolean;
}

export function namedKey(
  name: string,
  { ctrl = false, alt = false, shift = false }: Modifiers = {},
): NamedKey {
  return { kind: "key", name, ctrl, alt, shift };
}

/** A character pressed with Ctrl or Alt. An upper-case letter counts as the lower one with Shift. */
export function chordKey(character: string, modifiers: Modifiers): NamedKey {
  if (character === " ") return namedKey("space", modifiers);
  const lower = character.toLowerCase();
  return namedKey(lower, {
    ...modifiers,
    shift: (modifiers.shift ?? false) || lower !== character,
  });
}
