// The one place where transports are named together: a new one is a folder and a line in each table.
import { longPollingClient } from "../transports/long-polling/client.ts";
import { longPollingServer } from "../transports/long-polling/server.ts";
import { pollingClient } from "../transports/polling/client.ts";
import { pollingServer } from "../transports/polling/server.ts";
import { sseClient } from "../transports/sse/client.ts";
import { sseServer } from "../transports/sse/server.ts";
import type { ClientTransport, ServerTransport, TransportName } from "../transports/transport.ts";
import { websocketClient } from "../transports/websocket/client.ts";
import { websocketServer } from "../transports/websocket/server.ts";

export const SERVER_TRANSPORTS: readonly ServerTransport[] = [
  websocketServer,
  sseServer,
  longPollingServer,
  pollingServer,
];

export const CLIENT_TRANSPORTS: ReadonlyMap<TransportName, ClientTransport> = new Map(
  [websocketClient, sseClient, longPollingClient, pollingClient].map((transport) => [
    transport.name,
    transport,
  ]),
);
