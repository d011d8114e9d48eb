export type FeedErrorCode =
  | "spec"
  | "speed"
  | "seed"
  | "symbol"
  | "missing"
  | "not-a-file"
  | "unreadable"
  | "too-large"
  | "empty"
  | "header"
  | "no-rows";

/** A feed that can't be opened. `message` is one plain line: what was expected, what came, what to do. */
export class FeedError extends Error {
  override readonly name = "FeedError";
  readonly code: FeedErrorCode;

  constructor(code: FeedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
