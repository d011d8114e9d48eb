import { type LinkError, TRANSPORTS, type TransportName } from "../transports/transport.ts";

/** Links in a row that must die young before the transport is blamed. */
const DEATHS = 3;
/** How long a first verdict stands, in ms, and half as long again at most: not all sessions try again at once. */
const VERDICT_MS = 20_000;
/** Each further verdict on a transport that wasn't good meanwhile stands twice as long as the one before, up to this; in ms. */
const MAX_VERDICT_MS = 3_600_000;

/** What is held against a transport. */
interface Case {
  /** Young deaths in a row. */
  deaths: number;
  /** Verdicts since it was last good. */
  verdicts: number;
  /** When the last of them runs out, on the chooser's clock. */
  until: number;
}

export interface Better {
  readonly transport: TransportName;
  /** In how many ms it may be tried. */
  readonly ms: number;
}

/**
 * Which transport to use next. Named ones are used whatever happens; `auto` begins with WebSocket and goes on to the next when a path
 * carries something else, or nothing. A server that can't be reached at all, or that says no itself, is no transport's fault. Whatever
 * is held against a transport runs out: nobody can tell a bad path from a server that was away for a while (decisions/010).
 */
export class Chooser {
  readonly #names: readonly TransportName[];
  readonly #clock: () => number;
  readonly #random: () => number;
  #fixed: TransportName | undefined;
  readonly #cases = new Map<TransportName, Case>();
  /** Transports that failed since the last good link. */
  readonly #failed = new Set<TransportName>();
  /** Transports that have been of use in this session. */
  readonly #proven = new Set<TransportName>();

  /**
   * @param names those that there are, the best one first
   * @param clock ms that only go forward
   * @param random 0 to 1
   */
  constructor(
    wanted: TransportName | "auto",
    names: readonly TransportName[] = TRANSPORTS,
    clock: () => number = () => performance.now(),
    random: () => number = Math.random,
  ) {
    this.#names = names;
    this.#clock = clock;
    this.#random = random;
    this.#fixed = wanted === "auto" ? undefined : wanted;
  }

  /** The best one that nothing is held against; of those that all failed of late, the best that wasn't tried yet. */
  get current(): TransportName {
    const left = this.#names.filter((name) => !this.#failed.has(name));
    const free = left.find((name) => this.#standsFor(name) === 0);
    return this.#fixed ?? free ?? left[0] ?? this.#names[0]!;
  }

  /** From now on this one. */
  choose(transport: TransportName): void {
    this.#fixed = transport;
  }

  /** The better transport that may be tried again first, and the best of those; undefined: there is none to go back to. */
  better(than: TransportName): Better | undefined {
    if (this.#fixed) return undefined;
    return this.#names
      .slice(0, this.#names.indexOf(than))
      .map((transport) => ({ transport, ms: this.#standsFor(transport) }))
      .toSorted((a, b) => a.ms - b.ms)[0];
  }

  /** A link is in use. */
  live(transport: TransportName): void {
    this.#proven.add(transport);
  }

  /** A link was good for a while. */
  good(transport: TransportName): void {
    this.#cases.delete(transport);
    this.#failed.clear();
  }

  /** A link that was in use ended before it was good. That may be anything. */
  died(transport: TransportName, error: LinkError): void {
    if (!isServers(error)) this.#died(transport);
  }

  /**
   * A link failed before it was of use.
   * @returns whether there is nothing left to try: all transports have failed by now, or the server itself is the reason
   */
  failed(transport: TransportName, error: LinkError): boolean {
    const { failure } = error;
    if (this.#fixed) return true;
    // Deaths with the server away in between are no row.
    if (failure === "unreachable") for (const held of this.#cases.values()) held.deaths = 0;
    if (isServers(error)) return failure === "unreachable" || failure === "refused";
    // The page that a proxy shows while the server is away looks like one that it shows for good.
    const mayBeAway = this.#proven.has(transport) && failure !== "silent";
    if (failure === "closed" || mayBeAway) this.#died(transport);
    else this.#blame(transport);
    if (this.#names.some((name) => !this.#failed.has(name))) return false;
    // It isn't the transport, then.
    this.#failed.clear();
    this.#cases.clear();
    return true;
  }

  #died(transport: TransportName): void {
    const held = this.#held(transport);
    held.deaths += 1;
    // One that was blamed before gets no second chance now.
    if (held.deaths >= DEATHS || held.verdicts > 0) this.#blame(transport);
  }

  #blame(transport: TransportName): void {
    const held = this.#held(transport);
    const ms = Math.min(MAX_VERDICT_MS, VERDICT_MS * 2 ** held.verdicts);
    held.deaths = 0;
    held.verdicts += 1;
    held.until = this.#clock() + ms * (1 + this.#random() / 2);
    this.#failed.add(transport);
  }

  #held(transport: TransportName): Case {
    const held = this.#cases.get(transport) ?? { deaths: 0, verdicts: 0, until: 0 };
    this.#cases.set(transport, held);
    return held;
  }

  #standsFor(transport: TransportName): number {
    return Math.max(0, (this.#cases.get(transport)?.until ?? 0) - this.#clock());
  }
}

/** Whether the server, or that there is none, is the reason. */
function isServers({ failure, after }: LinkError): boolean {
  return failure === "unreachable" || failure === "refused" || after > 0;
}
