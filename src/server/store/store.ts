import type { ErrorCode } from "../../protocol/errors.ts";

/** One event as it is kept. `body` is its packed JSON text, ready for the wire. */
export interface StoredEvent {
  readonly offset: number;
  /** ms since 1970 */
  readonly at: number;
  readonly from: string;
  readonly body: string;
}

/** One publish on its way into the store. */
export interface Append {
  readonly producer: string;
  readonly number: number;
  /** Where the event goes; null: only the number is recorded (the event is kept elsewhere, or refused). */
  readonly topic: string | null;
  readonly at: number;
  readonly from: string;
  readonly body: string;
  /** Why it is refused: a final no, which is recorded so that a retry hears the same. */
  readonly refusal?: Refusal | undefined;
  /** The room's topic line that this event sets. */
  readonly line?: string | undefined;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * `appended`: now in the log (offset null where `topic` was null), which has been trimmed up to `floor` · `duplicate`: handled before, with the offset it has, or null
 * if it has none any more · `refused`: not in the log
 */
export type Outcome =
  | { readonly kind: "appended"; readonly offset: number | null; readonly floor: number }
  | { readonly kind: "duplicate"; readonly offset: number | null }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** What is known of one log. An unknown topic has head 0. */
export interface LogState {
  /** Offset of the newest event; 0: none yet. */
  readonly head: number;
  /** Offset of the newest event that was trimmed; 0: none. */
  readonly floor: number;
  /** The room's topic line; empty: none. */
  readonly line: string;
  /** Time of the newest event, ms since 1970. */
  readonly at: number;
}

/** A nick and who holds it until when (ms since 1970). */
export interface NickLease {
  readonly key: string;
  readonly nick: string;
  readonly identity: string;
  readonly until: number;
}

/**
 * Where logs are kept. Narrow on purpose, and asynchronous throughout: a store that several nodes share
 * fits behind it.
 */
export interface Store extends AsyncDisposable {
  /** Identity of all its logs: they are lost together. */
  readonly epoch: string;
  /**
   * Append a batch in order, all or nothing, and trim. Resolves when it is durable, with one outcome for each. Producers' numbers
   * are checked in the same transaction.
   * @throws StoreError `unwritable`: nothing of the batch was kept
   */
  append(batch: readonly Append[]): Promise<Outcome[]>;
  /**
   * Events after an offset, in order, at most `limit` and about 256 KiB.
   * @throws StoreError `unreadable`
   */
  read(topic: string, after: number, limit: number): Promise<StoredEvent[]>;
  state(topic: string): Promise<LogState>;
  /** All topics with events, most recently used first. */
  topics(limit: number): Promise<(LogState & { readonly topic: string })[]>;
  nicks(): Promise<NickLease[]>;
  /**
   * Keep leases, all or nothing; a later one of a nick takes the place of an earlier one.
   * @throws StoreError `unwritable`: none was kept
   */
  saveNicks(leases: readonly NickLease[]): Promise<void>;
}

/**
 * `unwritable`: disk full, read-only, I/O · `unusable`: the file can't be opened, is no database of ours or of a newer version ·
 * `unreadable`: what is asked for is damaged, or the disk fails · `locked`: another server uses it
 */
export type StoreErrorCode = "unwritable" | "unreadable" | "unusable" | "locked";

/** A store failed. `message` is one line for a person. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
