import stringWidth from "string-width";

/**
 * Text from others, made harmless before it is kept. What may not reach a terminal is removed here,
 * once, where it comes in; nothing downstream escapes again.
 *
 * Removed: escape sequences, C0, C1 and DEL, all format characters (bidi controls, zero-width
 * characters, tags, annotations) and everything else Unicode calls default-ignorable. An escape
 * sequence without its end loses only its introducer: what follows stays readable.
 *
 * Also removed, because terminals disagree about their width: variation selectors, skin tones,
 * keycaps, and what a zero-width joiner adds to an emoji (a family becomes its first member).
 * Nonspacing marks are kept up to {@link MAX_MARKS} for each base; a mark without a base is dropped.
 *
 * Replaced by U+FFFD: lone surrogates, private-use and unassigned code points, whose width and look
 * depend on the font, so that they could shift a row or imitate our own symbols; and a dozen rare
 * letters that would join into one grapheme with the border drawn after them.
 */

/** A tab in a multi-line text becomes this many spaces. */
const TAB = "    ";

/** Enough for Vietnamese, Thai and Hindi; a flood of marks paints over the rows above. */
const MAX_MARKS = 2;

const REPLACEMENT = "\u{FFFD}";
const JOINER = "\u{200D}";

/** Breaks a grapheme in two without being seen or measured. */
const NON_JOINER = "\u{200C}";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Cleans a text of several lines, such as a message body. `\r\n`, `\r`, U+2028 and U+2029 become
 * `\n`, a tab becomes four spaces. Idempotent; the result has no control character but `\n`.
 */
export function cleanText(text: string): string {
  return isPlain(text) ? text : splitWideClusters(dropUnsafe(stripControls(text)));
}

/**
 * Cleans what is shown on one line: nicks, topic names, server messages. Runs of white space become
 * one space, the ends are trimmed. What is empty afterwards becomes `?`, so that nobody is nameless.
 *
 * @param maxCells longest result in terminal cells, at least 1, the `…` of a cut included; default: no limit
 */
export function cleanLine(text: string, maxCells = Number.POSITIVE_INFINITY): string {
  const line = dropUnsafe(stripControls(text)).replaceAll(/\s+/g, " ").trim();
  // Braille blank is drawn as nothing, yet it isn't white space.
  if (!/[^\s\u2800]/.test(line)) return "?";
  return truncateCells(splitWideClusters(line), Math.max(1, maxCells));
}

/**
 * Removes only what is no text at all: escape sequences and control characters but `\n`; normalises
 * line ends and tabs as {@link cleanText} does. For text that its own author edits and sends on,
 * where joined emoji and the like have to survive.
 */
export function stripControls(text: string): string {
  if (isPlain(text)) return text;
  return text
    .toWellFormed()
    .replaceAll(SEQUENCES, "")
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    .replaceAll("\t", TAB)
    .replaceAll(CONTROLS, "");
}

/**
 * Cuts a line to `maxCells` cells between two graphemes; the last cell of what was cut is `…`.
 * Text that fits is returned as it is.
 */
export function truncateCells(text: string, maxCells: number): string {
  // A UTF-16 unit never takes more than two cells.
  if (text.length * 2 <= maxCells) return text;
  let used = 0;
  let room = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > maxCells) {
      return maxCells < 1 ? "" : `${text.slice(0, room).replace(/\u200C$/, "")}…`;
    }
    if (used < maxCells) room = index + segment.length;
  }
  return text;
}

/*
 * A string sequence (OSC, DCS, SOS, PM, APC) ends at BEL or ST, and breaks off at any other control
 * character: so an unterminated one can't reach for the end of a later one and swallow what is
 * between. Each alternative stops at the next introducer, which keeps the whole pass linear.
 */
const STRING =
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x08\x0a-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)/;
// oxlint-disable-next-line no-control-regex
const CSI = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]/;
// oxlint-disable-next-line no-control-regex
const INTRODUCER = /\x1b[[\]PX^_]/;
// oxlint-disable-next-line no-control-regex
const SHORT = /\x1b[ -/]{0,2}[0-~]/;
const SEQUENCES = new RegExp([STRING, CSI, INTRODUCER, SHORT].map((r) => r.source).join("|"), "g");

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/g;

const SKIPPED = /[\u{20E3}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u{1F3FB}-\u{1F3FF}]/v;
/** Unassigned, private, and the letters that make one grapheme with whatever follows them. */
const UNKNOWN =
  /[\p{Cn}\p{Co}\u{0D4E}\u{111C2}\u{111C3}\u{113D1}\u{1193F}\u{11941}\u{11A84}-\u{11A89}\u{11D46}\u{11F02}]/v;
const NONSPACING = /[\p{Mn}\p{Me}]/v;
/** Marks that take cells of their own, and the kana marks that behave alike. */
const SPACING_MARK = /[\p{Mc}\u{FF9E}\u{FF9F}]/v;
const PICTOGRAPH = /\p{Extended_Pictographic}/v;

function isPlain(text: string): boolean {
  return /^[\x20-\x7e\n]*$/.test(text);
}

function dropUnsafe(text: string): string {
  let out = "";
  let last = "\n";
  let marks = 0;
  let joining = false;
  for (const character of text) {
    if (character > " " && character <= "~") {
      out += last = character;
      marks = 0;
      joining = false;
      continue;
    }
    if (character === JOINER) joining = PICTOGRAPH.test(last);
    if (character !== "\n" && SKIPPED.test(character)) continue;
    if (NONSPACING.test(character)) {
      if (!/[\s\p{RI}]/v.test(last) && marks++ < MAX_MARKS) out += character;
      continue;
    }
    if (SPACING_MARK.test(character)) {
      if (/\p{RI}/v.test(last)) continue;
    } else {
      marks = 0;
    }
    const tail = joining && PICTOGRAPH.test(character);
    joining = false;
    if (tail) continue;
    out += last = UNKNOWN.test(character) ? REPLACEMENT : character;
  }
  return out;
}

/** What can join letters into one grapheme. */
const MAY_CLUSTER = /[\p{Mn}\p{RI}]/v;
const LETTER_OF_ITS_OWN = /[^\p{M}\u{200C}\u{FF9E}\u{FF9F}]/v;
/** Of several letters, and yet measured right. */
const MEASURED_TOGETHER = /^(?:\p{RI}{2}|\p{Script=Hangul}{2})$/v;

/**
 * Puts a non-joiner between letters that share a grapheme (Indic conjuncts, flags of no country).
 * string-width measures such a grapheme as its first letter, terminals draw all of them: a row of
 * them would overflow.
 */
function splitWideClusters(text: string): string {
  if (!MAY_CLUSTER.test(text)) return text;
  let out = "";
  for (const { segment } of graphemes.segment(text.replaceAll(/\p{RI}+/gv, splitFalseFlags))) {
    let previous = "";
    for (const character of segment) {
      const joined = previous + character;
      if (previous && LETTER_OF_ITS_OWN.test(character) && !MEASURED_TOGETHER.test(joined)) {
        out += NON_JOINER;
      }
      out += character;
      previous = character;
    }
  }
  return out;
}

function splitFalseFlags(indicators: string): string {
  let out = "";
  // An indicator takes two UTF-16 units; graphemes pair them from the left.
  for (let at = 0; at < indicators.length; at += 4) {
    const pair = indicators.slice(at, at + 4);
    if (/^\p{RGI_Emoji_Flag_Sequence}$/v.test(pair)) out += pair;
    else out += [...pair, ""].join(NON_JOINER);
  }
  return out.endsWith(NON_JOINER) ? out.slice(0, -1) : out;
}
