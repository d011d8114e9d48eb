import type { ServerFrame } from "../../protocol/frames.ts";
import { poll } from "../shared/client/http.ts";
import { HttpLink } from "../shared/client/http-link.ts";
import type { ClientTransport } from "../transport.ts";

/** Long polling: ask, be answered when something has come, ask on. */
export const longPollingClient: ClientTransport = {
  name: "long-polling",
  async open(request, signal) {
    // The first question isn't held: its answer shows at once that the path works.
    const first = await poll("long-polling", request, signal, "&hold=0");
    const receive = async (
      deliver: (frames: ServerFrame[]) => Promise<void>,
      closed: AbortSignal,
    ) => {
      for (let frames = first; ; frames = await poll("long-polling", request, closed)) {
        await deliver(frames);
        closed.throwIfAborted();
      }
    };
    return new HttpLink(request, receive);
  },
};
