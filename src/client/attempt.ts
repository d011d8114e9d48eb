import type { Hello } from "../protocol/hello.ts";
import type { ClientFrame, ServerFrame, TopicFrame } from "../protocol/frames.ts";
import {
  type ClientLink,
  type ClientTransport,
  LinkError,
  type LinkRequest,
  type TransportName,
} from "../transports/transport.ts";

/** How long a new link may take to be synced, in ms: from nothing at all to its first frame, and between frames. */
const OPEN_MS = 10_000;

export interface AttemptHost {
  /** A batch of frames of this link; throws LinkError to end it. Awaited: while it waits, the link isn't read from. */
  receive(attempt: Attempt, frames: readonly ServerFrame[]): Promise<void>;
  /** The link has ended. Called exactly once, unless the session itself dropped the link. */
  ended(attempt: Attempt, error: LinkError): void;
}

/** One link of a session, from being wanted to its end. Silence ends it. */
export class Attempt {
  readonly transport: TransportName;
  /** When it was wanted, ms of the monotonic clock. */
  readonly since = performance.now();
  /** Topics by the numbers that stand for them on this link. */
  readonly topics = new Map<number, TopicFrame>();
  readonly hello: () => Hello;
  readonly #host: AttemptHost;
  readonly #aborter = new AbortController();
  readonly #finished: Promise<void>;
  #link: ClientLink | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #silenceMs = OPEN_MS;
  #failure: LinkError | undefined;
  #dropped = false;
  /** Events it brought that had been delivered already. */
  duplicates = 0;
  /** When it was synced; undefined: not yet. */
  syncedAt: number | undefined;

  constructor(transport: ClientTransport, request: Omit<LinkRequest, "hello">, hello: () => Hello, host: AttemptHost) {
    this.transport = transport.name;
    this.hello = hello;
    this.#host = host;
    this.#listen();
    this.#finished = this.#run(transport, { ...request, hello });
  }

  /** The replay is done. From now on the link may be silent for so many ms. */
  synced(silenceMs: number): void {
    this.syncedAt = performance.now();
    this.#silenceMs = silenceMs;
  }

  /** @throws LinkError */
  async send(frames: readonly ClientFrame[]): Promise<void> {
    if (!this.#link) throw new LinkError("closed", "the link isn't open");
    await this.#link.send(frames);
  }

  /** End it because of a fault that was noticed outside. */
  fail(error: LinkError): void {
    this.#failure ??= error;
    this.#aborter.abort(error);
    void this.#release();
  }

  /** End it without a word. Resolves when everything of it is gone. */
  async drop(): Promise<void> {
    this.#dropped = true;
    this.#aborter.abort(new LinkError("closed", "the session doesn't need the link any more"));
    void this.#release();
    await this.#finished;
  }

  async #run(transport: ClientTransport, request: LinkRequest): Promise<void> {
    let error = new LinkError("closed", "the link ended");
    try {
      this.#link = await transport.open(request, this.#aborter.signal);
      this.#aborter.signal.throwIfAborted();
      for await (const frames of this.#link.frames) {
        // Not while the frames are dealt with: a slow reader isn't a silent server.
        clearTimeout(this.#deadline);
        await this.#host.receive(this, frames);
        if (this.#aborter.signal.aborted) break;
        this.#listen();
      }
    } catch (cause) {
      error = cause instanceof LinkError ? cause : new LinkError("broken", String(cause), { cause });
    } finally {
      clearTimeout(this.#deadline);
      this.#aborter.abort(error);
      await this.#release();
    }
    if (!this.#dropped) this.#host.ended(this, this.#failure ?? error);
  }

  #listen(): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.fail(new LinkError("silent", `nothing came for ${Math.round(this.#silenceMs / 1000)} s`));
    }, this.#silenceMs);
  }

  async #release(): Promise<void> {
    await this.#link?.[Symbol.asyncDispose]();
  }
}
