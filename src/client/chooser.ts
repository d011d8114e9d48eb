import { type LinkError, TRANSPORTS, type TransportName } from "../transports/transport.ts";

/** Links in a row that must die young before the transport is blamed. */
const DEATHS = 3;

/**
 * Which transport to use next. Named ones are used whatever happens; `auto` begins with WebSocket and goes on to the next when a path
 * carries something else, or nothing. A server that can't be reached at all is no transport's fault.
 */
export class Chooser {
  #fixed: TransportName | undefined;
  #candidate: TransportName;
  #deaths = 0;
  /** Transports that failed since the last good link. */
  readonly #blamed = new Set<TransportName>();

  constructor(wanted: TransportName | "auto") {
    this.#fixed = wanted === "auto" ? undefined : wanted;
    this.#candidate = this.#fixed ?? TRANSPORTS[0];
  }

  get current(): TransportName {
    return this.#candidate;
  }

  /** From now on this one. */
  choose(transport: TransportName): void {
    this.#fixed = transport;
    this.#candidate = transport;
  }

  /** A link was good for a while. */
  good(): void {
    this.#deaths = 0;
    this.#blamed.clear();
  }

  /**
   * A link failed before it was good, or soon after.
   * @returns whether all transports have failed by now
   */
  failed({ failure, retryable }: LinkError): boolean {
    if (failure === "unreachable") return true;
    if (this.#fixed) return true;
    const blame = failure !== "closed" && retryable;
    if (!blame && ++this.#deaths < DEATHS) return false;
    this.#deaths = 0;
    this.#blamed.add(this.#candidate);
    const next = TRANSPORTS[(TRANSPORTS.indexOf(this.#candidate) + 1) % TRANSPORTS.length]!;
    this.#candidate = next;
    if (this.#blamed.size < TRANSPORTS.length) return false;
    this.#blamed.clear();
    return true;
  }
}
