import { answerPoll } from "../shared/server/poll.ts";
import type { ServerTransport } from "../transport.ts";

/** Long polling: a GET is answered with the first event after what it asked for, within a heartbeat. */
export const longPollingServer: ServerTransport = {
  name: "long-polling",
  mount(routes, hub) {
    routes.get("/v1/long-polling", (request, response, url) => {
      answerPoll(request, response, url, hub, hub.heartbeat * 0.9);
    });
  },
};
