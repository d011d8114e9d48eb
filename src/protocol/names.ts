import { ProtocolError } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** `room` is a log, `feed` a latest topic, `who` the presence of the room of the same name. */
export type Family = "room" | "feed" | "who";

// Letters, marks, digits, punctuation, symbols. No blanks and no controls; nothing that is drawn as nothing, or "bob" could be
// written in many ways; and nothing that is punctuation in a cursor or a URL query.
const VISIBLE = /(?![\p{Default_Ignorable_Code_Point}\u2800,@"\\&?#])[\p{L}\p{M}\p{N}\p{P}\p{S}]/u;
// What joins emoji, where it joins emoji.
const JOINER =
  /(?<=\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?)\u200d(?=\p{Extended_Pictographic})/u;
const EMOJI_STYLE = /(?<=\p{Extended_Pictographic})\ufe0f|(?<=[0-9*])\ufe0f(?=\u20e3)/u;
const NAME = new RegExp(`^(?:${VISIBLE.source}|${JOINER.source}|${EMOJI_STYLE.source})+$`, "u");
const TOPIC = /^(room|feed|who):(.+)$/su;
const NICK_FORBIDDEN = /[:/]/u;

/**
 * Check and normalise (NFC) a topic's name.
 * @throws ProtocolError `bad-topic`
 */
export function parseTopic(text: string): string {
  const topic = text.normalize("NFC");
  const match = TOPIC.exec(topic);
  if (!match) {
    throw new ProtocolError(
      "bad-topic",
      `expected a topic such as room:lobby or feed:market, got ${quote(text)}`,
    );
  }
  if ([...topic].length > LIMITS.topicLength) {
    throw new ProtocolError(
      "bad-topic",
      `a topic's name has at most ${LIMITS.topicLength} characters, got ${[...topic].length}`,
    );
  }
  if (!NAME.test(match[2] ?? "")) {
    throw new ProtocolError(
      "bad-topic",
      `a topic's name holds letters, digits, punctuation and symbols, but no blanks and none of , @ " \\ & ? #: got ${quote(text)}`,
    );
  }
  return topic;
}

/** The family of a topic that {@link parseTopic} has let through. */
export function familyOf(topic: string): Family {
  return topic.slice(0, topic.indexOf(":")) as Family;
}

/** The presence topic of a room: `room:lobby` → `who:lobby`. */
export function whoOf(room: string): string {
  return `who:${room.slice("room:".length)}`;
}

/**
 * Check and normalise (NFC) a nick.
 * @throws ProtocolError `bad-nick`
 */
export function parseNick(text: string): string {
  const nick = text.normalize("NFC");
  const length = [...nick].length;
  if (length === 0 || length > LIMITS.nickLength) {
    throw new ProtocolError(
      "bad-nick",
      `a nick has 1 to ${LIMITS.nickLength} characters, got ${length === 0 ? "none" : length}`,
    );
  }
  if (!NAME.test(nick) || NICK_FORBIDDEN.test(nick)) {
    throw new ProtocolError(
      "bad-nick",
      `a nick holds letters, digits, punctuation and symbols, but no blanks and none of , @ : # / & ? " \\: got ${quote(text)}`,
    );
  }
  return nick;
}

/** What two spellings of one nick have in common: case and compatibility forms don't make a difference. */
export function nickKey(nick: string): string {
  // Up and down: some letters have two small forms (ς, σ), or one capital of two letters and one of one (ß: SS, ẞ).
  const folded = nick.normalize("NFKD").toLowerCase().toUpperCase().toLowerCase();
  return folded.normalize("NFKC");
}

/** Untrusted text inside a message: shortened, quoted, controls escaped. */
export function quote(text: string, max = 40): string {
  const characters = [...text];
  const shown = characters.length > max ? `${characters.slice(0, max).join("")}…` : text;
  return escapeInvisible(JSON.stringify(shown));
}

/** JSON without characters that a terminal obeys or doesn't show: it still means the same. */
export function escapeInvisible(json: string): string {
  return json.replace(
    // JSON leaves C1 controls, DEL and the invisible formatting characters as they are.
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
