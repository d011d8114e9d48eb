import { setTimeout as rest } from "node:timers/promises";
import type { ServerFrame } from "../../protocol/frames.ts";
import { poll } from "../shared/client/http.ts";
import { HttpLink } from "../shared/client/http-link.ts";
import type { ClientTransport } from "../transport.ts";

/** After a poll that brought nothing, the next pause is so many times as long. */
const SLOWER = 1.5;

/** Polling: ask again and again, soon after something came or was said, later and later while nothing does. */
export const pollingClient: ClientTransport = {
  name: "polling",
  async open(request, signal) {
    const { min, max } = request.pollInterval;
    const first = await poll("polling", request, signal);
    let said = new AbortController();
    const receive = async (deliver: (frames: ServerFrame[]) => Promise<void>, closed: AbortSignal) => {
      let pause = min;
      for (let frames = first; ; frames = await poll("polling", request, closed)) {
        await deliver(frames);
        if (frames.at(-1)?.kind === "more") continue;
        pause = frames.some(({ kind }) => kind === "event") ? min : Math.min(max, pause * SLOWER);
        await restFor(pause, AbortSignal.any([closed, said.signal]));
        if (said.signal.aborted) {
          said = new AbortController();
          pause = min;
          await restFor(min, closed);
        }
        closed.throwIfAborted();
      }
    };
    return new HttpLink(request, receive, (frames) => {
      if (frames.some(({ kind }) => kind === "publish")) said.abort();
    });
  },
};

async function restFor(ms: number, interrupted: AbortSignal): Promise<void> {
  try {
    await rest(ms, undefined, { signal: interrupted });
  } catch (error) {
    if (!interrupted.aborted) throw error;
  }
}
