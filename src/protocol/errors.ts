interface Rule {
  /** HTTP status of an answer that carries this error. */
  readonly status: number;
  /** WebSocket close code; absent where the link goes on. */
  readonly close?: number;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
}

/** Every error of the protocol: PROTOCOL.md, section 7. */
export const ERRORS = {
  "bad-request": { status: 400, close: 4400, retry: false },
  "bad-topic": { status: 400, close: 4400, retry: false },
  "bad-nick": { status: 400, close: 4400, retry: false },
  "bad-cursor": { status: 400, close: 4400, retry: false },
  "too-many-topics": { status: 400, close: 4400, retry: false },
  "bad-frame": { status: 400, retry: false },
  "unknown-kind": { status: 400, retry: false },
  "bad-body": { status: 400, retry: false },
  "text-too-long": { status: 413, retry: false },
  "frame-too-large": { status: 413, close: 1009, retry: false },
  forbidden: { status: 403, close: 4403, retry: false },
  "read-only": { status: 403, retry: false },
  "not-found": { status: 404, retry: false },
  "unsupported-version": { status: 404, close: 4404, retry: false },
  method: { status: 405, retry: false },
  "nick-taken": { status: 409, close: 4409, retry: false },
  "out-of-order": { status: 409, retry: true },
  silent: { status: 408, close: 4408, retry: true },
  internal: { status: 500, close: 1011, retry: true },
  busy: { status: 503, retry: true },
  storage: { status: 503, retry: true },
  "too-many-links": { status: 503, close: 4503, retry: true },
  draining: { status: 503, close: 4503, retry: true },
} as const satisfies Record<string, Rule>;

export type ErrorCode = keyof typeof ERRORS;

/** An error that crosses the wire: `code` decides what to do, `message` is one plain line for a person. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ErrorCode;
  /** A value that would have been accepted, where there is one (a free nick). */
  readonly suggestion: string | undefined;
  /** Not before so many ms from now, where the server says so. */
  readonly after: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: { suggestion?: string | undefined; after?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.suggestion = details.suggestion;
    this.after = details.after;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retry;
  }
}

/** Whether a string from the wire names an error of this protocol. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
