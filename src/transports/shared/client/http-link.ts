import type { ClientFrame, ServerFrame } from "../../../protocol/frames.ts";
import { type ClientLink, LinkError, type LinkRequest } from "../../transport.ts";
import { drained, Ending, linkErrorOf } from "./ending.ts";
import { post } from "./http.ts";
import { Inbox } from "./inbox.ts";

/** What an HTTP transport adds to a link: how frames come in, until the signal aborts or it throws. */
export type Receive = (
  deliver: (frames: readonly ServerFrame[]) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>;

/** Answers to what was sent that wait to be read; beyond it a clock, which is stale by then, isn't kept. */
const UNREAD = 16;

/** A link over HTTP: it receives as its transport does, and posts what it sends beside that. */
export class HttpLink implements ClientLink {
  readonly frames: AsyncIterable<readonly ServerFrame[]>;
  readonly #request: LinkRequest;
  readonly #inbox = new Inbox();
  readonly #ending = new Ending();
  readonly #sender = new AbortController();
  readonly #receiver = new AbortController();
  readonly #sent: ((frames: readonly ClientFrame[]) => void) | undefined;
  readonly #received: Promise<void>;

  /** @param sent called after frames have been sent, for transports that then look for answers */
  constructor(
    request: LinkRequest,
    receive: Receive,
    sent?: (frames: readonly ClientFrame[]) => void,
  ) {
    this.#request = request;
    this.#sent = sent;
    this.frames = this.#inbox;
    this.#received = this.#receive(receive);
  }

  async send(frames: readonly ClientFrame[]): Promise<void> {
    // Whoever asks on after the last word would be taken for present again.
    if (frames.some(({ kind }) => kind === "bye")) await this.#stopReceiving();
    const answers = await post(this.#request, frames, this.#sender.signal);
    this.#sent?.(frames);
    const stale = this.#inbox.size >= UNREAD && answers.every(({ kind }) => kind === "clock");
    // Not awaited: the reader may be the very one that is sending.
    if (answers.length > 0 && !stale) void this.#inbox.put(answers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sender.abort(new LinkError("closed", "the link was closed"));
    await this.#stopReceiving();
  }

  async #stopReceiving(): Promise<void> {
    this.#inbox.discard();
    this.#receiver.abort();
    await this.#received;
  }

  async #receive(receive: Receive): Promise<void> {
    try {
      await receive(async (frames) => {
        this.#ending.hear(frames);
        await this.#inbox.put(frames);
        if (this.#ending.draining) throw drained(0);
      }, this.#receiver.signal);
      this.#inbox.end(
        this.#ending.reason(new LinkError("closed", "the server ended the connection")),
      );
    } catch (error) {
      this.#inbox.end(this.#ending.reason(linkErrorOf(error)));
    }
  }
}
