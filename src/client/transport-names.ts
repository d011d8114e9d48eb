// For those who know the client alone.
export { TRANSPORTS, type TransportName } from "../transports/transport.ts";
