import type { ClientFrame, ServerFrame } from "../../../src/protocol/frames.ts";
import { parseServerFrames } from "../../../src/protocol/parse.ts";
import type { Hub } from "../../../src/server/hub.ts";
import { Ending, linkErrorOf } from "../../../src/transports/shared/client/ending.ts";
import { Inbox } from "../../../src/transports/shared/client/inbox.ts";
import { type ClientLink, LinkError, type LinkRequest } from "../../../src/transports/transport.ts";

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

/** A link without a network. */
export abstract class LoopLink implements ClientLink {
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

/** What the hub makes of frames, without events: they go another way. */
export async function handle(
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
