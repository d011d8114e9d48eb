import { createHash, randomInt } from "node:crypto";
import { ProtocolError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { nickKey } from "../protocol/names.ts";
import { now } from "./clock.ts";
import type { NickLease, Store } from "./store/store.ts";

/** A nick stays leased to its identity for so long after it was last used. */
const LEASE_MS = 24 * 3600 * 1000;
/** A lease is written down again only when it has aged by this much. */
const RENEW_MS = 3600 * 1000;
/** Leases at once; beyond it nicks are used without one. */
const LEASES = 100_000;
/** Numbers that are tried one by one as a suggestion; after that it is a random one. */
const SUGGESTIONS = 20;

/** The sender of what comes without a nick; so nobody can have it. */
export const NOBODY = "anonymous";

/** Who holds which nick. Nicks are unique on a server; an identity may hold several. */
export class Nicks {
  readonly #store: Store;
  /** The one that was leased or renewed longest ago first. */
  readonly #leases = new Map<string, NickLease>();
  readonly #failed: (error: unknown) => void;

  /** @param failed told when a lease could not be written down; it holds all the same until the server stops */
  static async load(store: Store, failed: (error: unknown) => void): Promise<Nicks> {
    const nicks = new Nicks(store, failed);
    const leases = (await store.nicks()).toSorted((a, b) => a.until - b.until);
    for (const lease of leases) nicks.#leases.set(lease.key, lease);
    return nicks;
  }

  private constructor(store: Store, failed: (error: unknown) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  /**
   * Use a nick. With an identity it is leased to it from now on; without one it may be used as long as nobody holds it.
   * @throws ProtocolError `nick-taken`, with a suggestion
   */
  claim(nick: string, identity: string | undefined): void {
    const key = nickKey(nick);
    const lease = this.#held(key);
    const holder = identity === undefined ? undefined : holderOf(identity);
    if (key === NOBODY || (lease && lease.identity !== holder)) {
      throw this.taken(nick, () => false);
    }
    if (holder === undefined) return;
    const until = now() + LEASE_MS;
    if (lease?.nick === nick && until - lease.until < RENEW_MS) return;
    this.#lease({ key, nick, identity: holder, until });
  }

  /** Whoever uses a nick shows a sign of life: their lease goes on. */
  renew(nick: string, identity: string): void {
    const key = nickKey(nick);
    const lease = this.#held(key);
    const until = now() + LEASE_MS;
    if (lease && until - lease.until < RENEW_MS) return;
    const holder = holderOf(identity);
    if (!lease || lease.identity === holder) this.#lease({ key, nick, identity: holder, until });
  }

  /** @param used further nicks that the suggestion must avoid, by key */
  taken(nick: string, used: (key: string) => boolean): ProtocolError {
    let suggestion = nick;
    for (let tries = 2; !this.#free(nickKey(suggestion), used); tries++) {
      const tail = String(tries <= SUGGESTIONS ? tries : randomInt(10 ** 8));
      suggestion = [...nick].slice(0, LIMITS.nickLength - tail.length).join("") + tail;
    }
    return new ProtocolError("nick-taken", `the nick ${nick} is taken: ${suggestion} is free`, {
      suggestion,
    });
  }

  #free(key: string, used: (key: string) => boolean): boolean {
    return key !== NOBODY && this.#held(key) === undefined && !used(key);
  }

  #held(key: string): NickLease | undefined {
    const lease = this.#leases.get(key);
    return lease && lease.until > now() ? lease : undefined;
  }

  #lease(lease: NickLease): void {
    this.#leases.delete(lease.key);
    for (const [key, { until }] of this.#leases) {
      if (until > now()) break;
      this.#leases.delete(key);
    }
    if (this.#leases.size >= LEASES) return;
    this.#leases.set(lease.key, lease);
    this.#store.saveNick(lease).catch(this.#failed);
  }
}

// The secret itself is never stored.
function holderOf(identity: string): string {
  return createHash("sha256").update(identity).digest("hex");
}
