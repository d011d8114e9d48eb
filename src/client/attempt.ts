import type { Hello } from "../protocol/hello.ts";
import type { ClientFrame, ServerFrame, TopicFrame } from "../protocol/frames.ts";
import {
  type ClientLink,
  type ClientTransport,
  LinkError,
  type LinkRequest,
  type TransportName,
} from "../transports/transport.ts";
import type { Subscriptions } from "./reading.ts";

/** How long a new link may take to be synced, in ms: from nothing at all to its first frame, and between frames. */
const OPEN_MS = 10_000;
/** How long the last word may take, in ms. */
const BYE_MS = 500;
/** A timer that is late by so much, in ms, was kept from running: by work, or by the machine's sleep. */
const HELD_UP_MS = 100;

export interface AttemptHost {
  /** A batch of frames of this link; throws LinkError to end it. */
  receive(attempt: Attempt, frames: readonly ServerFrame[]): void;
  /** Awaited before the next frames are read. undefined: there is room. */
  room(): Promise<void> | undefined;
  /** The link has ended. Called exactly once, unless the session itself dropped the link. */
  ended(attempt: Attempt, error: LinkError): void;
}

/** They may answer what was posted beside the link, and prove nothing about its own path. */
const BESIDE: ReadonlySet<ServerFrame["kind"]> = new Set(["clock", "ack", "nack"]);

/** What a link asks for: fixed when it is wanted, but for the places where it reads on. */
export interface Wanted {
  /** The session's links are numbered from 1. */
  readonly number: number;
  readonly subscriptions: Subscriptions;
  readonly nick: string | undefined;
  readonly hello: () => Hello;
}

/** One link of a session, from being wanted to its end. Silence ends it. */
export class Attempt {
  readonly transport: TransportName;
  /** When it was wanted, ms of the monotonic clock. */
  readonly since = performance.now();
  readonly wanted: Wanted;
  /** Topics by the numbers that stand for them on this link. */
  readonly topics = new Map<number, TopicFrame>();
  /** Resolves when nothing of it is left. Never rejects. */
  readonly finished: Promise<void>;
  readonly #host: AttemptHost;
  readonly #aborter = new AbortController();
  #link: ClientLink | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #silenceMs = OPEN_MS;
  #failure: LinkError | undefined;
  #dropped = false;
  #leaving: Promise<void> | undefined;
  #syncedAt: number | undefined;
  #heardAt = this.since;

  constructor(
    transport: ClientTransport,
    request: Omit<LinkRequest, "hello">,
    wanted: Wanted,
    host: AttemptHost,
  ) {
    this.transport = transport.name;
    this.wanted = wanted;
    this.#host = host;
    this.#listen();
    const { wire } = request;
    this.finished = this.#run(transport, {
      wire,
      hello: wanted.hello,
      get pollInterval() {
        return request.pollInterval;
      },
      get silenceMs() {
        return request.silenceMs;
      },
    });
  }

  /** The replay is done. From now on the link may be silent for so many ms. */
  synced(silenceMs: number): void {
    this.#syncedAt ??= performance.now();
    this.#silenceMs = silenceMs;
  }

  get isSynced(): boolean {
    return this.#syncedAt !== undefined;
  }

  /** How long it has been of use: from being synced to the last thing that came, in ms. */
  get goodFor(): number {
    return this.#syncedAt === undefined ? 0 : this.#heardAt - this.#syncedAt;
  }

  /** How long nothing has come, in ms. */
  get quietFor(): number {
    return performance.now() - this.#heardAt;
  }

  /**
   * Send frames. If they can't be sent, the link ends.
   * @returns whether they have been handed over
   */
  async send(frames: readonly ClientFrame[]): Promise<boolean> {
    try {
      await this.#link?.send(frames);
      return this.#link !== undefined;
    } catch (error) {
      this.fail(
        error instanceof LinkError
          ? error
          : new LinkError("closed", String(error), { cause: error }),
      );
      return false;
    }
  }

  /** End it because of a fault that was noticed outside. */
  fail(error: LinkError): void {
    this.#failure ??= error;
    this.#aborter.abort(error);
    void this.#release();
  }

  /** End it without a word. */
  drop(): void {
    this.#dropped = true;
    this.fail(new LinkError("closed", "the session doesn't need the link any more"));
  }

  /** Say goodbye, and end it without another word. */
  leave(): void {
    this.#dropped = true;
    this.#leaving ??= this.#sayBye();
  }

  async #run(transport: ClientTransport, request: LinkRequest): Promise<void> {
    let error = new LinkError("closed", "the link ended");
    try {
      this.#link = await transport.open(request, this.#aborter.signal);
      this.#aborter.signal.throwIfAborted();
      await this.#read(this.#link);
    } catch (cause) {
      error =
        cause instanceof LinkError ? cause : new LinkError("broken", String(cause), { cause });
    }
    clearTimeout(this.#deadline);
    await this.#leaving;
    this.#aborter.abort(error);
    const released = this.#release();
    // The session needn't wait for a polite close.
    if (!this.#dropped) this.#host.ended(this, this.#failure ?? error);
    await released;
  }

  async #read(link: ClientLink): Promise<void> {
    const { signal } = this.#aborter;
    for await (const frames of link.frames) {
      if (signal.aborted) return;
      this.#host.receive(this, frames);
      if (signal.aborted) return;
      if (!this.#isAlive(frames)) continue;
      this.#heardAt = performance.now();
      const room = this.#host.room();
      // A slow reader isn't a silent server.
      if (room) {
        clearTimeout(this.#deadline);
        await settledOrAborted(room, signal);
      }
      if (signal.aborted) return;
      this.#listen();
    }
  }

  // A new link that shows signs of life and brings nothing isn't alive.
  #isAlive(frames: readonly ServerFrame[]): boolean {
    if (!this.isSynced) return frames.some(({ kind }) => kind === "event");
    return frames.length === 0 || frames.some(({ kind }) => !BESIDE.has(kind));
  }

  // If it doesn't get through, the lease ends the presence.
  async #sayBye(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, BYE_MS);
    await Promise.race([this.send([{ kind: "bye" }]), promise]);
    clearTimeout(timer);
    this.drop();
  }

  #listen(): void {
    clearTimeout(this.#deadline);
    const due = performance.now() + this.#silenceMs;
    this.#deadline = setTimeout(() => {
      const late = performance.now() - due;
      if (late < HELD_UP_MS) return this.#fallSilent();
      // This process was held up: what has come meanwhile is still to be read.
      this.#deadline = setTimeout(() => this.#fallSilent(), Math.min(late, this.#silenceMs));
    }, this.#silenceMs);
  }

  #fallSilent(): void {
    const what = this.isSynced ? "nothing came" : "it was opened, but nothing of use came";
    const seconds = Math.round(this.#silenceMs / 100) / 10;
    this.fail(new LinkError("silent", `${what} for ${seconds} s`));
  }

  async #release(): Promise<void> {
    await this.#link?.[Symbol.asyncDispose]();
  }
}

async function settledOrAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const abort = () => resolve();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    await Promise.race([wait, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
