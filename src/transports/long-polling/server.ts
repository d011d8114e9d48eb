import { ProtocolError } from "../../protocol/errors.ts";
import { quote } from "../../protocol/names.ts";
import { answerPoll, type HoldMs } from "../shared/server/poll.ts";
import type { ServerTransport } from "../transport.ts";

/** Long polling: a GET is answered with the first event after what it asked for, within a heartbeat. */
export const longPollingServer: ServerTransport = {
  name: "long-polling",
  mount(routes, hub) {
    routes.get("/v1/long-polling", (request, response, url) => {
      answerPoll(request, response, url, hub, holdOf(url, hub.heartbeat * 0.9));
    });
  },
};

// Taken out of the query: the rest is the hello, the same on every transport.
function holdOf({ searchParams }: URL, most: HoldMs): HoldMs {
  const hold = searchParams.get("hold");
  searchParams.delete("hold");
  if (hold === null) return most;
  if (/^[0-9]{1,6}$/.test(hold)) return Math.min(Number(hold), most);
  throw new ProtocolError(
    "bad-request",
    `expected hold to be a number of ms up to 999999, got ${quote(hold)}`,
  );
}
