import { answerPoll } from "../shared/server/poll.ts";
import type { ServerTransport } from "../transport.ts";

/** Polling: a GET is answered at once with what is there. */
export const pollingServer: ServerTransport = {
  name: "polling",
  mount(routes, hub) {
    routes.get("/v1/polling", (request, response, url) =>
      answerPoll(request, response, url, hub, 0),
    );
  },
};
