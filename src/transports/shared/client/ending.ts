import { isErrorCode, ProtocolError } from "../../../protocol/errors.ts";
import type { ErrorFrame, ServerFrame } from "../../../protocol/frames.ts";
import { LinkError, type LinkFailure } from "../../transport.ts";

/** Listens for what the server says about why it ends a link. */
export class Ending {
  #error: ErrorFrame | undefined;
  #after: number | undefined;

  hear(frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      // An error that the link goes on after was about something else.
      this.#error = frame.kind === "error" ? frame : undefined;
      if (frame.kind === "drain") this.#after = frame.after;
    }
  }

  /** Whether the server has said that it is stopping. */
  get draining(): boolean {
    return this.#after !== undefined;
  }

  /** The link has ended: why? `otherwise`: where the server said nothing. */
  reason(otherwise: LinkError): LinkError {
    if (this.#after !== undefined) return drained(this.#after);
    return this.#error ? refusedBy(this.#error) : otherwise;
  }
}

/** The server said that it is stopping. */
export function drained(after: number): LinkError {
  return new LinkError("closed", "the server is stopping", { after });
}

/** What a server's error frame means for the link. */
export function refusedBy({ code, message, suggestion, after }: ErrorFrame): LinkError {
  const refusal = new ProtocolError(isErrorCode(code) ? code : "bad-request", message, {
    suggestion,
    after,
  });
  return new LinkError("refused", message, { refusal });
}

/** What the errors of Node, undici and ws mean for a link, by code or, where there is none, name. What isn't here is a lost connection. */
const FAILURES: readonly (readonly [codes: RegExp, failure: LinkFailure, message: string])[] = [
  [
    /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    "unreachable",
    "no connection to the server",
  ],
  [/^UND_ERR_(?:HEADERS|BODY)_TIMEOUT$/, "silent", "no answer came"],
  // A certificate that isn't the server's, or no TLS at all.
  [
    /CERT|SIGNATURE|^ERR_TLS|^ERR_SSL|^EPROTO$/,
    "blocked",
    "something else answered in the server's place",
  ],
  // Not HTTP.
  [
    /^HPE_|^HTTPParserError$|^UND_ERR_HEADERS_OVERFLOW$/,
    "blocked",
    "something else answered in the server's place",
  ],
  [/^WS_ERR_/, "broken", "what came makes no sense"],
];

/** Anything that a socket, undici or a parser threw, as the failure of a link. */
export function linkErrorOf(error: unknown): LinkError {
  if (error instanceof LinkError) return error;
  if (error instanceof ProtocolError)
    return new LinkError("broken", error.message, { cause: error });
  const { code, message } = root(error);
  for (const [codes, failure, meaning] of FAILURES) {
    if (codes.test(code)) return new LinkError(failure, `${meaning} (${code})`, { cause: error });
  }
  return new LinkError("closed", `the connection was lost (${message})`, { cause: error });
}

// A connection tried over several addresses fails with all of their errors in one.
function root(error: unknown): { code: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return root(error.errors[0]);
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  const { code } = error as { readonly code?: unknown };
  // A DOMException's code is a number that says nothing.
  return typeof code === "string"
    ? { code, message: code }
    : { code: error.name, message: error.message };
}
