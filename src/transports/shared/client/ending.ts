import { isErrorCode, ProtocolError } from "../../../protocol/errors.ts";
import type { ErrorFrame, ServerFrame } from "../../../protocol/frames.ts";
import { LinkError } from "../../transport.ts";

/** Listens for what the server says about why it ends a link. */
export class Ending {
  #error: ErrorFrame | undefined;
  #after: number | undefined;

  hear(frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      if (frame.kind === "error") this.#error = frame;
      if (frame.kind === "drain") this.#after = frame.after;
    }
  }

  /** Whether the server has said that it is stopping. */
  get draining(): boolean {
    return this.#after !== undefined;
  }

  /** The link has ended: why? `otherwise`: where the server said nothing. */
  reason(otherwise: LinkError): LinkError {
    if (this.#after !== undefined) return new LinkError("closed", "the server is stopping", { after: this.#after });
    return this.#error ? refusedBy(this.#error) : otherwise;
  }
}

/** What a server's error frame means for the link. */
export function refusedBy({ code, message, suggestion, after }: ErrorFrame): LinkError {
  const refusal = new ProtocolError(isErrorCode(code) ? code : "bad-request", message, { suggestion, after });
  return new LinkError("refused", message, { refusal });
}

/** Anything that a socket, undici or a parser threw, as the failure of a link. */
export function linkErrorOf(error: unknown): LinkError {
  if (error instanceof LinkError) return error;
  if (error instanceof ProtocolError) return new LinkError("broken", error.message, { cause: error });
  const { code, message } = root(error);
  const unreachable = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"];
  if (code !== undefined && unreachable.includes(code)) {
    return new LinkError("unreachable", `no connection to the server (${code})`, { cause: error });
  }
  return new LinkError("closed", `the connection was lost (${code ?? message})`, { cause: error });
}

// A connection tried over several addresses fails with all of their errors in one.
function root(error: unknown): { code?: string; message: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return root(error.errors[0]);
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? { message: error.message } : { code, message: error.message };
}
