import { encodeCursor } from "../../../src/protocol/cursor.ts";
import type { ClientFrame } from "../../../src/protocol/frames.ts";
import {
  LinkError,
  type LinkRequest,
  type TransportName,
} from "../../../src/transports/transport.ts";
import { type Between, type Ends, LoopLink, sleep } from "./loop-link.ts";

/** Lines in one answer. */
const POLL_PAGE = 60;
const HOLD_MS = 300;

/** A link that asks again and again. */
export class PollLink extends LoopLink {
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

/** Ask once. @returns the lines of the answer */
export async function poll(
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
