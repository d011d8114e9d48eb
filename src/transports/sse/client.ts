import { createParser } from "eventsource-parser";
import { ProtocolError } from "../../protocol/errors.ts";
import type { ServerFrame } from "../../protocol/frames.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { parseServerFrame } from "../../protocol/parse.ts";
import { linkErrorOf } from "../shared/client/ending.ts";
import { openingOf, requireOurs } from "../shared/client/http.ts";
import { HttpLink } from "../shared/client/http-link.ts";
import type { ClientTransport } from "../transport.ts";

/** Server-Sent Events: one endless answer. */
export const sseClient: ClientTransport = {
  name: "sse",
  async open(request, signal) {
    try {
      const response = await request.wire.pool.request({
        method: "GET",
        ...openingOf("sse", request.hello()),
        signal,
      });
      await requireOurs(response, "text/event-stream");
      const { body } = response;
      return new HttpLink(request, async (deliver, closed) => {
        // Its end is heard by whoever reads it; there may be nobody any more.
        body.on("error", () => {});
        const close = () => body.destroy();
        closed.addEventListener("abort", close, { once: true });
        try {
          await read(body, deliver);
        } finally {
          closed.removeEventListener("abort", close);
          body.destroy();
        }
      });
    } catch (error) {
      throw linkErrorOf(error);
    }
  },
};

async function read(
  body: AsyncIterable<Buffer>,
  deliver: (frames: ServerFrame[]) => Promise<void>,
): Promise<void> {
  let frames: ServerFrame[] = [];
  let pending = 0;
  const parser = createParser({
    onEvent: ({ data }) => {
      pending = 0;
      const frame = parseServerFrame(data);
      if (frame) frames.push(frame);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    pending += chunk.length;
    if (pending > LIMITS.messageBytes) {
      throw new ProtocolError(
        "frame-too-large",
        `expected an event within ${LIMITS.messageBytes} bytes, got none`,
      );
    }
    parser.feed(decoder.decode(chunk, { stream: true }));
    const batch = frames;
    frames = [];
    // Also when it is empty: half an event is a sign of life.
    await deliver(batch);
  }
}
