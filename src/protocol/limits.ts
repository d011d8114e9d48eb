/** Protocol version: the `1` of `/v1/`. */
export const VERSION = 1;

/** Every bound of the protocol (PROTOCOL.md, section 8). Sizes in bytes of UTF-8, names in code points. */
export const LIMITS = {
  bodyBytes: 16 * 1024,
  nickLength: 32,
  topicLength: 64,
  topicsPerLink: 64,
  frameBytes: 64 * 1024,
  messageBytes: 1024 * 1024,
  publishesPerPost: 256,
  pageEvents: 1_000,
  pageBytes: 256 * 1024,
  historyEvents: 200,
  topicLineLength: 256,
  keyLength: 64,
  feedKeys: 1_000,
} as const;

/** How long a link may be silent unless its `welcome` says otherwise, in ms. */
export const DEFAULT_HEARTBEAT_MS = 15_000;
