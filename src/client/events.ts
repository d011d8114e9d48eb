import type { Body, Gap, TopicMode } from "../protocol/frames.ts";
import type { TransportName } from "../transports/transport.ts";

/** One event of a topic, as readers get it. */
export interface TopicEvent {
  readonly kind: "event";
  readonly topic: string;
  readonly offset: number;
  readonly epoch: string;
  /** ms since 1970, by the server's clock */
  readonly at: number;
  readonly from: string;
  readonly body: Body;
  /** Latest topics: what the event is the newest of. */
  readonly key?: string | undefined;
  /** Latest topics: how many offsets right before it newer events replaced. */
  readonly superseded: number;
}

/** Something that can't be had any more. On a latest topic, the newest event of each key follows anew. */
export interface GapNotice extends Gap {
  readonly kind: "gap";
  readonly topic: string;
}

/** What a link says of a topic when it first speaks of it. */
export interface TopicNotice {
  readonly kind: "topic";
  readonly topic: string;
  readonly epoch: string;
  readonly mode: TopicMode;
  /** The field of the body that is the key. */
  readonly key?: string | undefined;
  /** Who its events are from that name nobody: for feeds, where the prices come from. */
  readonly source?: string | undefined;
}

/** How the path to the server fares. */
export interface LinkNotice {
  readonly kind: "link";
  readonly transport: TransportName;
  /**
   * `connecting` · `live`: synced, after `ms` · `lost` · `waiting`: the next try comes in `ms` · `failed`: a swap's new link, the old one
   * goes on · `closed`: for good
   */
  readonly state: "connecting" | "live" | "lost" | "waiting" | "failed" | "closed";
  readonly ms?: number | undefined;
  readonly reason?: string | undefined;
}

/** A swap as it was measured. */
export interface SwapNotice {
  readonly kind: "swap";
  readonly from: TransportName;
  readonly to: TransportName;
  /** From the wish to the new link's being the only one. */
  readonly ms: number;
  /** Events that had to wait for something before them. */
  readonly held: number;
  /** Events that both links brought; delivered once. */
  readonly duplicates: number;
  /** Events that were lost: the extent of gaps during the swap. */
  readonly lost: number;
}

/** Something the server complained about that doesn't end the link; also that it takes no publishes for now, which are tried again. */
export interface ErrorNotice {
  readonly kind: "error";
  readonly code: string;
  readonly message: string;
}

/** Everything a session tells, in the order in which it happens. */
export type Notice = TopicEvent | GapNotice | TopicNotice | LinkNotice | SwapNotice | ErrorNotice;
