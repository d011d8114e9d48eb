/** From clients to the server, or from the server to clients. */
export type Direction = "up" | "down";

/** What can happen to a connection, as data: a schedule of faults can be printed and played again. */
export type Fault =
  /** The connection ends after so many more bytes in one direction: politely, or by a reset. Both sides see it. */
  | {
      readonly kind: "cut";
      readonly how: "fin" | "rst";
      readonly direction: Direction;
      readonly after: number;
    }
  /** After so many more bytes nothing passes any more, and nothing is closed: the connection is half open. */
  | { readonly kind: "stall"; readonly direction: Direction | "both"; readonly after: number }
  /** At most so many bytes a second. */
  | { readonly kind: "slow"; readonly direction: Direction | "both"; readonly rate: number }
  /** Whatever passes is held for `ms`, and up to `jitter` ms more. */
  | {
      readonly kind: "delay";
      readonly direction: Direction | "both";
      readonly ms: number;
      readonly jitter: number;
    }
  /** Connections aren't accepted. */
  | { readonly kind: "refuse" }
  /** Connections are accepted, and that is all. */
  | { readonly kind: "silent" }
  /** A request isn't passed on, but answered with this status, as a proxy does. */
  | { readonly kind: "answer"; readonly status: number }
  /** A request is passed on; its response is lost, and the connection with it. */
  | { readonly kind: "lose-response" }
  /** A request is passed on twice at once, on two connections; the second response is thrown away. */
  | { readonly kind: "repeat" };

export type FaultKind = Fault["kind"];

/** To which connections it happens. */
export interface Scope {
  /** `open`: those that there are now · `new`: those that are made from now on · `all`: both @default "all" */
  readonly on?: "open" | "new" | "all";
  /** Only from a request on whose path begins so. */
  readonly path?: string;
  /** Only so many times. @default until it is healed */
  readonly times?: number;
}

/** What begins with a request and not in the middle of bytes. */
export type RequestFault = Extract<Fault, { kind: "answer" | "lose-response" | "repeat" }>;

export function isRequestFault(fault: Fault): fault is RequestFault {
  return fault.kind === "answer" || fault.kind === "lose-response" || fault.kind === "repeat";
}
