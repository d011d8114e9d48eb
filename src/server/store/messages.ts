import type { Append, NickLease, Outcome, StoreErrorCode } from "./store.ts";

/** What the writer thread is started with. */
export interface WriterOptions {
  readonly file: string;
  readonly retain: number;
  /** How long another server may take to let go of the file, in ms. */
  readonly patience: number;
}

/** Main thread to writer. Each request is answered by a reply with its id. */
export type WriterRequest =
  | { readonly id: number; readonly kind: "append"; readonly batch: readonly Append[] }
  | { readonly id: number; readonly kind: "nicks"; readonly leases: readonly NickLease[] }
  | { readonly id: number; readonly kind: "close" };

/** Writer to main thread. `id` 0: the answer to being started. */
export type WriterReply =
  | {
      readonly id: number;
      readonly kind: "done";
      readonly outcomes: readonly Outcome[];
      readonly epoch: string;
    }
  | {
      readonly id: number;
      readonly kind: "failed";
      readonly code: StoreErrorCode;
      readonly message: string;
    };
