/** Texts that do harm to a terminal that gets them as they are. */
export const HOSTILE: readonly string[] = [
  "\x1b[2J\x1b[H wiped",
  "\x1b]0;title\x07 after",
  "\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\",
  "\x1b]52;c;AAAA\x07",
  "\x1b]0;never ended",
  "\x1bPq#0\x1b\\",
  "\x9b31m c1",
  "ding\x07",
  "one\rtwo",
  "\x1b[8mhidden",
  "\u202eright to left",
  "a\u200bb\u2066c",
  "z\u0301\u0301\u0301\u0301\u0301\u0301",
  "\n\n\nalice: spoof",
];
