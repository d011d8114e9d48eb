import { linkErrorOf } from "../../../src/transports/shared/client/ending.ts";
import type { ClientTransport, TransportName } from "../../../src/transports/transport.ts";
import type { Between } from "./loop-link.ts";
import { poll, PollLink } from "./loop-poll.ts";
import { StreamLink } from "./loop-stream.ts";

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
