import { encodeCursor } from "../../../src/protocol/cursor.ts";
import type { ClientFrame, ServerFrame } from "../../../src/protocol/frames.ts";
import { parseServerFrames } from "../../../src/protocol/parse.ts";
import type { Hub } from "../../../src/server/hub.ts";
import { Ending, linkErrorOf } from "../../../src/transports/shared/client/ending.ts";
import { Inbox } from "../../../src/transports/shared/client/inbox.ts";
import {
  type ClientLink,
  type ClientTransport,
  LinkError,
  type LinkRequest,
  type ServerReader,
  type Sink,
  type TransportName,
} from "../../../src/transports/transport.ts";

/** What lies between a link and the server. */
export interface Between {
  /** The server as it is now. @throws LinkError while there is none */
  hub(): Hub;
  /** Resolves when something that is sent now arrives; rejects when it is lost with its link. */
  travel(link: Ends): Promise<void>;
  /** What becomes of lines on their way to the client. */
  harm(lines: string[]): string[];
  /** Whether an answer to a publish is lost now, and its link with it. */
  losesAnswer(): boolean;
}

/** A link that can be cut. */
export interface Ends {
  readonly cut: AbortSignal;
}

/** Lines that a link may hold in flight; beyond it its reader has to wait. */
const FULL = 40;
/** Lines that arrive together. */
const TOGETHER = 12;
const POLL_PAGE = 60;
const HOLD_MS = 300;

/** A transport without a network: it reads from the hub as the real one of its name does. */
export function loopTransport(
  name: TransportName,
  between: Between,
  links: Set<AbortController>,
): ClientTransport {
  return {
    name,
    async open(request, signal) {
      const cut = new AbortController();
      links.add(cut);
      const ends = { cut: AbortSignal.any([cut.signal, signal]) };
      ends.cut.addEventListener("abort", () => links.delete(cut));
      try {
        await between.travel(ends);
        if (name === "websocket" || name === "sse")
          return new StreamLink(name, request, between, ends, cut);
        const first = await poll(request, between, ends, 0);
        return new PollLink(name, request, between, ends, cut, first);
      } catch (error) {
        links.delete(cut);
        throw linkErrorOf(error);
      }
    },
  };
}

abstract class LoopLink implements ClientLink {
  readonly frames: AsyncIterable<readonly ServerFrame[]>;
  protected readonly inbox = new Inbox();
  protected readonly ending = new Ending();
  protected readonly request: LinkRequest;
  protected readonly between: Between;
  protected readonly ends: Ends;
  readonly #cut: AbortController;

  constructor(request: LinkRequest, between: Between, ends: Ends, cut: AbortController) {
    this.frames = this.inbox;
    this.request = request;
    this.between = between;
    this.ends = ends;
    this.#cut = cut;
    ends.cut.addEventListener("abort", () =>
      this.inbox.end(this.ending.reason(linkErrorOf(ends.cut.reason))),
    );
  }

  abstract send(frames: readonly ClientFrame[]): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    this.inbox.discard();
    this.#cut.abort(new LinkError("closed", "the link was closed"));
  }

  protected async deliver(lines: readonly string[]): Promise<void> {
    const frames = parseServerFrames(lines.join("\n"));
    this.ending.hear(frames);
    await this.inbox.put(frames);
  }

  // As a POST is: handled at once, answered to the link.
  protected async post(frames: readonly ClientFrame[]): Promise<void> {
    await this.between.travel(this.ends);
    const answers = await handle(this.between.hub(), this.request, frames);
    if (frames.some(({ kind }) => kind === "publish") && this.between.losesAnswer()) {
      const lost = new LinkError("closed", "the answer was lost");
      this.#cut.abort(lost);
      throw lost;
    }
    await this.between.travel(this.ends);
    if (answers.length > 0) void this.inbox.put(answers);
  }

  protected end(error: unknown): void {
    this.inbox.end(this.ending.reason(linkErrorOf(error)));
  }
}

class StreamLink extends LoopLink implements Sink {
  readonly #name: TransportName;
  readonly #reader: ServerReader;
  readonly #lines: string[] = [];
  #flowing = false;
  #over = false;
  #sent: Promise<void> = Promise.resolve();

  constructor(
    name: TransportName,
    request: LinkRequest,
    between: Between,
    ends: Ends,
    cut: AbortController,
  ) {
    super(request, between, ends, cut);
    this.#name = name;
    this.#reader = between.hub().open(request.hello(), this, "stream");
    ends.cut.addEventListener("abort", () => this.#reader.close());
  }

  get full(): boolean {
    return this.#lines.length >= FULL;
  }

  write({ lines }: { readonly lines: readonly string[] }): void {
    this.#lines.push(...lines);
    void this.#flow();
  }

  // The server ends it; what is in flight still arrives.
  override end(error?: unknown): void {
    if (error) this.#lines.push(JSON.stringify(error));
    this.#over = true;
    void this.#flow();
  }

  override async send(frames: readonly ClientFrame[]): Promise<void> {
    if (this.#name === "sse") return this.post(frames);
    // In order, and nobody waits for the answers, which come with the events.
    const arrived = this.#sent.then(() => this.between.travel(this.ends));
    this.#sent = arrived.then(() => void this.#answer(frames));
    this.#sent.catch(() => {});
    await arrived;
  }

  async #answer(frames: readonly ClientFrame[]): Promise<void> {
    try {
      this.#reader.heard();
      for (const answer of await handle(this.between.hub(), this.request, frames)) {
        if (answer.kind === "ack" || answer.kind === "nack") this.#reader.send(answer);
        if (answer.kind === "clock") this.#reader.send({ ...answer, kind: "pong" });
      }
    } catch {
      // The server has gone: the link is cut with it.
    }
  }

  async #flow(): Promise<void> {
    if (this.#flowing) return;
    this.#flowing = true;
    try {
      while (this.#lines.length > 0) {
        await this.between.travel(this.ends);
        const wasFull = this.full;
        await this.deliver(this.between.harm(this.#lines.splice(0, TOGETHER)));
        if (wasFull && !this.full) this.#reader.drained();
      }
      if (this.#over) super.end(new LinkError("closed", "the server ended the connection"));
    } catch (error) {
      super.end(error);
    }
    this.#flowing = false;
  }
}

class PollLink extends LoopLink {
  constructor(
    name: TransportName,
    request: LinkRequest,
    between: Between,
    ends: Ends,
    cut: AbortController,
    first: string[],
  ) {
    super(request, between, ends, cut);
    void this.#receive(name === "long-polling" ? HOLD_MS : 0, first);
  }

  override send(frames: readonly ClientFrame[]): Promise<void> {
    return this.post(frames);
  }

  async #receive(hold: number, first: string[]): Promise<void> {
    try {
      for (let lines = first; ; lines = await poll(this.request, this.between, this.ends, hold)) {
        await this.deliver(lines);
        if (this.ending.draining) throw new LinkError("closed", "the server is stopping");
        if (hold > 0 || lines.at(-1)?.includes('"more"')) continue;
        await sleep(this.request.pollInterval.min, this.ends.cut);
      }
    } catch (error) {
      this.end(error);
    }
  }
}

async function poll(
  request: LinkRequest,
  between: Between,
  ends: Ends,
  hold: number,
): Promise<string[]> {
  await between.travel(ends);
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const lines: string[] = [];
  let state: "filling" | "holding" | "done" = "filling";
  const hello = request.hello();
  const answer = (last: "synced" | "more" | undefined) => {
    if (state === "done") return;
    state = "done";
    if (last) lines.push(JSON.stringify({ kind: last, cursor: encodeCursor([]) }));
    resolve(lines);
  };
  const reader = between.hub().open(
    hello,
    {
      get full() {
        return state === "done" || lines.length >= POLL_PAGE;
      },
      write(chunk) {
        if (state === "done") return;
        lines.push(...chunk.lines);
        if (state === "holding") setImmediate(() => answer("synced"));
        else if (lines.length >= POLL_PAGE) setImmediate(() => answer("more"));
      },
      synced() {
        lines.pop();
        if (lines.length > 0 || hold === 0) return answer("synced");
        state = "holding";
        setTimeout(() => answer("synced"), hold);
      },
      end() {
        answer(state === "holding" ? "synced" : undefined);
      },
    },
    "poll",
  );
  ends.cut.addEventListener("abort", () => answer(undefined));
  const found = await promise;
  reader.close();
  ends.cut.throwIfAborted();
  await between.travel(ends);
  return between.harm(found);
}

async function handle(
  hub: Hub,
  request: LinkRequest,
  frames: readonly ClientFrame[],
): Promise<ServerFrame[]> {
  const { nick, identity, link } = request.hello();
  const publishes = frames.filter((frame) => frame.kind === "publish");
  const answers: ServerFrame[] = await hub.publish(publishes, { nick, identity });
  for (const frame of frames) {
    if (frame.kind === "ping") answers.push({ kind: "clock", id: frame.id, time: hub.now() });
    if (frame.kind === "bye" && link) hub.bye(link.session);
  }
  if (link) hub.heard(link);
  return answers;
}

/** Rejects when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(resolve, ms);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}
