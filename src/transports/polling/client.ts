import type { ServerFrame } from "../../protocol/frames.ts";
import { poll } from "../shared/client/http.ts";
import { HttpLink } from "../shared/client/http-link.ts";
import type { ClientTransport } from "../transport.ts";
import { Pause } from "./pause.ts";

/** After a poll that brought nothing, the next pause is so many times as long. */
const SLOWER = 1.5;

/** Polling: ask again and again, soon after something came or was said, later and later while nothing does. */
export const pollingClient: ClientTransport = {
  name: "polling",
  async open(request, signal) {
    const first = await poll("polling", request, signal);
    const pause = new Pause();
    const receive = async (
      deliver: (frames: ServerFrame[]) => Promise<void>,
      closed: AbortSignal,
    ) => {
      let ms = request.pollInterval.min;
      for (let frames = first; ; frames = await poll("polling", request, closed)) {
        await deliver(frames);
        if (frames.at(-1)?.kind === "more") continue;
        const { min, max } = request.pollInterval;
        const news = frames.some(({ kind }) => kind === "event");
        ms = news ? min : Math.min(max, ms * SLOWER);
        if (await pause.last(min, ms, closed)) ms = min;
        closed.throwIfAborted();
      }
    };
    return new HttpLink(request, receive, (frames) => {
      if (frames.some(({ kind }) => kind === "publish")) pause.shorten();
    });
  },
};
