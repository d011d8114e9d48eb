import { createHash, randomInt } from "node:crypto";
import { ProtocolError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { nickKey } from "../protocol/names.ts";
import { now, uptime } from "./clock.ts";
import type { NickLease, Store } from "./store/store.ts";

/** A nick stays leased to its identity for so long after it was last used. */
const LEASE_MS = 24 * 3600 * 1000;
/** A lease is written down again only when what is written has aged by this much. */
const RENEW_MS = 3600 * 1000;
/** What is left of a lease when the server starts, at least: a clock that is wrong then, or was, takes nobody's nick at once. */
const GRACE_MS = 3600 * 1000;
/** Leases that are written down at once: a publish waits for no more of them. */
const BATCH = 1_024;
/** Leases at once; beyond it nicks are used without one. */
const LEASES = 100_000;
/** Numbers that are tried one by one as a suggestion; after that it is a random one. */
const SUGGESTIONS = 20;

/** The sender of what comes without a nick; so nobody can have it. */
export const NOBODY = "anonymous";

interface Lease {
  readonly nick: string;
  readonly identity: string;
  /** By {@link uptime}: a wall clock that is set ends no lease. */
  until: number;
  /** When it was last written down, or is to have been: by {@link uptime}. */
  writtenAt: number;
}

/** Who holds which nick. Nicks are unique on a server; an identity may hold several. */
export class Nicks implements AsyncDisposable {
  readonly #store: Store;
  /** By the nick's key. */
  readonly #leases = new Map<string, Lease>();
  readonly #failed: (error: unknown) => void;
  /** By the nick's key: what is to be written down. */
  readonly #unsaved = new Map<string, NickLease>();
  #saving: Promise<void> | undefined;
  /** No lease has been written down since the store failed. */
  #failing = false;

  /**
   * @param failed told when leases can't be written down, once until they can again. They hold all the same until the server stops, and are
   * written down when next used
   */
  static async load(store: Store, failed: (error: unknown) => void): Promise<Nicks> {
    const nicks = new Nicks(store, failed);
    // Only the wall clock has gone on since: it decides how much is left, within bounds (decisions/007).
    for (const { key, nick, identity, until } of await store.nicks()) {
      const left = Math.min(LEASE_MS, Math.max(GRACE_MS, until - now()));
      const writtenAt = uptime() + left - LEASE_MS;
      nicks.#leases.set(key, { nick, identity, until: uptime() + left, writtenAt });
    }
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
    if (lease?.nick === nick) this.renew(key);
    else this.#lease(key, nick, holder);
  }

  /** The nick is in use: its lease, if it has one, begins anew. */
  renew(key: string): void {
    const lease = this.#held(key);
    if (!lease) return;
    if (uptime() - lease.writtenAt >= RENEW_MS) this.#lease(key, lease.nick, lease.identity);
    else lease.until = uptime() + LEASE_MS;
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

  /** Wait until all leases are written down, or have failed to be. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saving;
  }

  #free(key: string, used: (key: string) => boolean): boolean {
    return key !== NOBODY && this.#held(key) === undefined && !used(key);
  }

  #held(key: string): Lease | undefined {
    const lease = this.#leases.get(key);
    return lease && lease.until > uptime() ? lease : undefined;
  }

  #lease(key: string, nick: string, identity: string): void {
    if (this.#leases.size >= LEASES) this.#sweep();
    if (this.#leases.size >= LEASES && !this.#leases.has(key)) return;
    const writtenAt = uptime();
    this.#leases.set(key, { nick, identity, until: writtenAt + LEASE_MS, writtenAt });
    this.#unsaved.set(key, { key, nick, identity, until: now() + LEASE_MS });
    this.#saving ??= this.#save();
  }

  async #save(): Promise<void> {
    // One turn later, so that what is used together is written together.
    await Promise.resolve();
    while (this.#unsaved.size > 0) {
      const batch = this.#unsaved.values().take(BATCH).toArray();
      try {
        for (const { key } of batch) this.#unsaved.delete(key);
        await this.#store.saveNicks(batch);
        this.#failing = false;
      } catch (error) {
        this.#giveUp(batch);
        if (!this.#failing) this.#failed(error);
        this.#failing = true;
      }
    }
    this.#saving = undefined;
  }

  // The rest would fail as well, each batch after a wait of its own. All are tried again when next used.
  #giveUp(batch: readonly NickLease[]): void {
    for (const { key } of [...batch, ...this.#unsaved.values()]) {
      const lease = this.#leases.get(key);
      if (lease) lease.writtenAt = Number.NEGATIVE_INFINITY;
    }
    this.#unsaved.clear();
  }

  #sweep(): void {
    for (const [key, { until }] of this.#leases) if (until <= uptime()) this.#leases.delete(key);
  }
}

// The secret itself is never stored.
function holderOf(identity: string): string {
  return createHash("sha256").update(identity).digest("hex");
}
