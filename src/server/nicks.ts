import { createHash } from "node:crypto";
import { ProtocolError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { nickKey } from "../protocol/names.ts";
import { now } from "./clock.ts";
import type { NickLease, Store } from "./store/store.ts";

/** A nick stays leased to its identity for so long after it was last used. */
const LEASE_MS = 24 * 3600 * 1000;
/** A lease is written down again only when it has aged by this much. */
const RENEW_MS = 3600 * 1000;

/** Who holds which nick. Nicks are unique on a server; an identity may hold several. */
export class Nicks {
  readonly #store: Store;
  readonly #leases = new Map<string, NickLease>();
  readonly #failed: (error: unknown) => void;

  /** @param failed told when a lease could not be written down; it holds all the same until the server stops */
  static async load(store: Store, failed: (error: unknown) => void): Promise<Nicks> {
    const nicks = new Nicks(store, failed);
    for (const lease of await store.nicks()) nicks.#leases.set(lease.key, lease);
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
    const lease = this.#leases.get(key);
    const held = lease !== undefined && lease.until > now();
    // The secret itself is never stored.
    const holder =
      identity === undefined ? undefined : createHash("sha256").update(identity).digest("hex");
    if (held && lease.identity !== holder) throw this.taken(nick, () => false);
    if (holder === undefined) return;
    const until = now() + LEASE_MS;
    if (held && lease.nick === nick && until - lease.until < RENEW_MS) return;
    const renewed = { key, nick, identity: holder, until };
    this.#leases.set(key, renewed);
    this.#store.saveNick(renewed).catch(this.#failed);
  }

  /** @param used further nicks that the suggestion must avoid, by key */
  taken(nick: string, used: (key: string) => boolean): ProtocolError {
    const free = (candidate: string) => {
      const key = nickKey(candidate);
      const lease = this.#leases.get(key);
      return (lease === undefined || lease.until <= now()) && !used(key);
    };
    let suggestion = nick;
    for (let number = 2; !free(suggestion); number++) {
      const tail = String(number);
      suggestion = [...nick].slice(0, LIMITS.nickLength - tail.length).join("") + tail;
    }
    return new ProtocolError("nick-taken", `the nick ${nick} is taken: ${suggestion} is free`, {
      suggestion,
    });
  }
}
