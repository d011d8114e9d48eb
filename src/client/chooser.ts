import { type LinkError, TRANSPORTS, type TransportName } from "../transports/transport.ts";

/** Links in a row that must die young before the transport is blamed. */
const DEATHS = 3;

/**
 * Which transport to use next. Named ones are used whatever happens; `auto` begins with WebSocket and goes on to the next when a path
 * carries something else, or nothing. A server that can't be reached at all, or that says no itself, is no transport's fault.
 */
export class Chooser {
  readonly #names: readonly TransportName[];
  #fixed: TransportName | undefined;
  #candidate: TransportName;
  #deaths = 0;
  /** Transports that failed since the last good link. */
  readonly #blamed = new Set<TransportName>();

  /** @param names those that there are, the best one first */
  constructor(wanted: TransportName | "auto", names: readonly TransportName[] = TRANSPORTS) {
    this.#names = names;
    this.#fixed = wanted === "auto" ? undefined : wanted;
    this.#candidate = this.#fixed ?? names[0]!;
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
   * @returns whether there is nothing left to try: all transports have failed by now, or the server itself is the reason
   */
  failed(transport: TransportName, { failure, after }: LinkError): boolean {
    if (failure === "unreachable" || failure === "refused") return true;
    if (this.#fixed) return true;
    // A server that is stopping closes all links, and whatever was tried by hand says nothing about our choice.
    if (after > 0 || transport !== this.#candidate) return false;
    if (failure === "closed" && ++this.#deaths < DEATHS) return false;
    this.#deaths = 0;
    this.#blamed.add(this.#candidate);
    this.#candidate = this.#names[(this.#names.indexOf(this.#candidate) + 1) % this.#names.length]!;
    if (this.#blamed.size < this.#names.length) return false;
    this.#blamed.clear();
    return true;
  }
}
