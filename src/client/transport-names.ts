// For those who know the client alone.
export {
  LinkError,
  type LinkFailure,
  TRANSPORTS,
  type TransportName,
} from "../transports/transport.ts";
