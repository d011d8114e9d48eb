// `import { connect } from "backchat"`: a session with a backchat server, for programs.
export {
  connect,
  type Connection,
  type ConnectOptions,
  type Topic,
  type TopicOptions,
} from "./commands/connect.ts";
export {
  LinkError,
  type LinkFailure,
  TRANSPORTS,
  type TransportName,
} from "./client/transport-names.ts";
export { cleanLine, cleanText } from "./client/clean.ts";
export { type Acked, OutboxFull } from "./client/outbox.ts";
export { type ErrorCode, ProtocolError } from "./protocol/errors.ts";
export type {
  ErrorNotice,
  GapNotice,
  LinkNotice,
  Notice,
  SwapNotice,
  TopicEvent,
  TopicNotice,
} from "./client/events.ts";
export type { State } from "./client/lifecycle.ts";
export type { Figures, Quantiles } from "./client/meter.ts";
export type { Stats, Status } from "./client/session.ts";
export type { TopicItem } from "./client/topic-queue.ts";
export type { Since } from "./protocol/cursor.ts";
export type { Body, Gap, GapReason, Json, TopicMode } from "./protocol/frames.ts";
