import { nickKey } from "../protocol/names.ts";
import { uptime } from "./clock.ts";

interface Lease {
  readonly nick: string;
  readonly rooms: ReadonlySet<string>;
  until: number;
}

/** What changed: somebody came to a room or left it for good (none of their sessions is there any more). */
export type PresenceChange = (room: string, nick: string, here: boolean) => void;

/**
 * Who is where, as leases: a session says once where it is and stays there for as long as it shows signs of life. Links come
 * and go without anybody noticing.
 */
export class Presence {
  readonly #leaseMs: number;
  readonly #changed: PresenceChange;
  readonly #sessions = new Map<string, Lease>();
  /** room → nick → how many sessions */
  readonly #rooms = new Map<string, Map<string, number>>();

  constructor(leaseMs: number, changed: PresenceChange) {
    this.#leaseMs = leaseMs;
    this.#changed = changed;
  }

  /** A session is in these rooms, under this nick, and nowhere else. */
  declare(session: string, nick: string, rooms: ReadonlySet<string>): void {
    const before = this.#sessions.get(session);
    const until = uptime() + this.#leaseMs;
    if (before && before.nick === nick && before.rooms.symmetricDifference(rooms).size === 0) {
      before.until = until;
      return;
    }
    // First what is new, then what is over: a room that stays never sees the nick go.
    this.#sessions.set(session, { nick, rooms, until });
    for (const room of rooms) this.#count(room, nick, 1);
    if (before) for (const room of before.rooms) this.#count(room, before.nick, -1);
  }

  renew(session: string): void {
    const lease = this.#sessions.get(session);
    if (lease) lease.until = uptime() + this.#leaseMs;
  }

  leave(session: string): void {
    const lease = this.#sessions.get(session);
    if (!lease) return;
    this.#sessions.delete(session);
    for (const room of lease.rooms) this.#count(room, lease.nick, -1);
  }

  /** End the leases that ran out. To be called now and then. */
  sweep(): void {
    const time = uptime();
    for (const [session, { until }] of this.#sessions) if (until <= time) this.leave(session);
  }

  /** The nicks in a room, in the order they came. */
  in(room: string): string[] {
    return [...(this.#rooms.get(room)?.keys() ?? [])];
  }

  /** The rooms that somebody is in. */
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Whether any session uses this nick, however it is spelled. */
  uses(key: string): boolean {
    for (const { nick } of this.#sessions.values()) if (nickKey(nick) === key) return true;
    return false;
  }

  #count(room: string, nick: string, change: 1 | -1): void {
    let nicks = this.#rooms.get(room);
    if (!nicks) this.#rooms.set(room, (nicks = new Map()));
    const before = nicks.get(nick) ?? 0;
    const after = before + change;
    if (after > 0) nicks.set(nick, after);
    else nicks.delete(nick);
    if (nicks.size === 0) this.#rooms.delete(room);
    if (before === 0 || after === 0) this.#changed(room, nick, after > 0);
  }
}
