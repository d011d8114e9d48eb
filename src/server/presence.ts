import { nickKey } from "../protocol/names.ts";
import { uptime } from "./clock.ts";

/** What a session says of itself with each hello. */
export interface Declaration {
  readonly session: string;
  /** The number of the link that says it: an older one doesn't overrule a newer one. */
  readonly link: number;
  /** undefined: a silent reader, in no room for others to see. */
  readonly nick: string | undefined;
  readonly rooms: ReadonlySet<string>;
}

interface Lease extends Declaration {
  readonly nick: string;
  until: number;
}

interface Member {
  /** As the newest of its sessions spells it. */
  nick: string;
  sessions: number;
}

/** What changed: somebody came to a room or left it for good (none of their sessions is there any more). */
export type PresenceChange = (room: string, nick: string, here: boolean) => void;

/** A nick that was asked for alone is kept for its session for so long, in ms; and so many of them at once. */
const RESERVED_MS = 5_000;
const RESERVED = 10_000;

/** Sessions that said goodbye are remembered for one lease; so many of them. */
const ENDED = 50_000;

/**
 * Who is where, as leases: a session says once where it is and stays there for as long as it shows signs of life. Links come
 * and go without anybody noticing.
 */
export class Presence {
  readonly #leaseMs: number;
  readonly #changed: PresenceChange;
  readonly #sessions = new Map<string, Lease>();
  /** room → nick's key → who */
  readonly #rooms = new Map<string, Map<string, Member>>();
  /** nick's key → how many sessions */
  readonly #used = new Map<string, number>();
  /** nick's key → until when, oldest first */
  readonly #reserved = new Map<string, number>();
  /** Sessions that are over → until when that is remembered, oldest first */
  readonly #ended = new Map<string, number>();

  constructor(leaseMs: number, changed: PresenceChange) {
    this.#leaseMs = leaseMs;
    this.#changed = changed;
  }

  /** A session is in these rooms, under this nick, and nowhere else. */
  declare(declaration: Declaration): void {
    const { session, link, nick, rooms } = declaration;
    // What was on its way when it said goodbye doesn't bring it back.
    if (this.#ended.has(session)) return;
    const before = this.#sessions.get(session);
    if (before && link < before.link) return this.renew(session);
    if (nick === undefined) return this.leave(session);
    this.#reserved.delete(nickKey(nick));
    // First what is new, then what is over: a room that stays never sees the nick go.
    this.#sessions.set(session, { ...declaration, nick, until: uptime() + this.#leaseMs });
    if (before && before.nick === nick && before.rooms.symmetricDifference(rooms).size === 0) {
      return;
    }
    this.#use(nick, 1);
    for (const room of rooms) this.#enter(room, nick);
    if (before) this.#retract(before);
  }

  renew(session: string): void {
    const lease = this.#sessions.get(session);
    if (lease) lease.until = uptime() + this.#leaseMs;
  }

  /** A session is over, whatever of it may still come. */
  end(session: string): void {
    this.leave(session);
    this.#ended.delete(session);
    this.#ended.set(session, uptime() + this.#leaseMs);
    if (this.#ended.size > ENDED) this.#ended.delete(this.#ended.keys().next().value!);
  }

  /** A session is nowhere now; it may come again. */
  leave(session: string): void {
    const lease = this.#sessions.get(session);
    if (!lease) return;
    this.#sessions.delete(session);
    this.#retract(lease);
  }

  /** End the leases that run out by then, ms of {@link uptime}. To be called now and then. */
  sweep(time: number): void {
    for (const [session, { until }] of this.#sessions) if (until <= time) this.leave(session);
    for (const [key, until] of this.#reserved) if (until <= time) this.#reserved.delete(key);
    for (const [session, until] of this.#ended) {
      if (until > time) break;
      this.#ended.delete(session);
    }
  }

  /** Sessions that are seen. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** The nicks in a room, in the order they came. */
  in(room: string): string[] {
    return Array.from(this.#rooms.get(room)?.values() ?? [], ({ nick }) => nick);
  }

  /** The keys of the nicks that are used now. */
  used(): Iterable<string> {
    return this.#used.keys();
  }

  /** The rooms that somebody is in. */
  rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Whether any session uses this nick, or is about to, however it is spelled. */
  uses(key: string): boolean {
    return this.#used.has(key) || (this.#reserved.get(key) ?? 0) > uptime();
  }

  /** Keep a nick for the session that asked for it and will soon be here. */
  reserve(key: string): void {
    this.#reserved.delete(key);
    this.#reserved.set(key, uptime() + RESERVED_MS);
    if (this.#reserved.size > RESERVED) this.#reserved.delete(this.#reserved.keys().next().value!);
  }

  #retract({ nick, rooms }: Lease): void {
    this.#use(nick, -1);
    for (const room of rooms) this.#exit(room, nick);
  }

  #use(nick: string, change: 1 | -1): void {
    const key = nickKey(nick);
    const sessions = (this.#used.get(key) ?? 0) + change;
    if (sessions > 0) this.#used.set(key, sessions);
    else this.#used.delete(key);
  }

  #enter(room: string, nick: string): void {
    let members = this.#rooms.get(room);
    if (!members) this.#rooms.set(room, (members = new Map<string, Member>()));
    const member = members.get(nickKey(nick)) ?? { nick: "", sessions: 0 };
    members.set(nickKey(nick), member);
    member.sessions += 1;
    if (member.nick === nick) return;
    if (member.nick !== "") this.#changed(room, member.nick, false);
    member.nick = nick;
    this.#changed(room, nick, true);
  }

  #exit(room: string, nick: string): void {
    const members = this.#rooms.get(room);
    const member = members?.get(nickKey(nick));
    if (!members || !member || --member.sessions > 0) return;
    members.delete(nickKey(nick));
    if (members.size === 0) this.#rooms.delete(room);
    this.#changed(room, member.nick, false);
  }
}
