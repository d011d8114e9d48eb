import { ProtocolError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { familyOf } from "../protocol/names.ts";
import { now } from "./clock.ts";
import { randomEpoch } from "./epoch.ts";
import { type Bounds, LatestTopic } from "./latest-topic.ts";
import { LogTopic } from "./log-topic.ts";
import type { Store } from "./store/store.ts";
import type { Topic } from "./topic.ts";

/** Topics in memory; beyond it those that nobody uses go, the longest unused first. */
const TOPICS = 10_000;
/** Feeds that users may make; beyond it the longest unused goes, for good: it lives in memory alone. */
const USER_FEEDS = 1_000;
const FEED_BOUNDS: Bounds = { keys: LIMITS.feedKeys, retired: 0 };
/** Who is in a room is always known; who has left it, of so many. */
const PRESENCE_BOUNDS: Bounds = { keys: Infinity, retired: 256 };

/** The feed that the server writes: it is always there, and its key is another. */
const MARKET = "feed:market";

/** Keeps a topic in memory until it is disposed. */
export interface Hold extends Disposable {
  readonly topic: Promise<Topic>;
}

interface Entry {
  readonly ready: Promise<Topic>;
  /** undefined while it is being loaded. */
  topic: Topic | undefined;
  holds: number;
}

/** The topics that are in use, made or loaded from the store on first use. */
export class Topics {
  readonly #store: Store;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #present: (room: string) => readonly string[];
  #n = 0;
  #feeds = 0;

  /** @param present the nicks in a room, with which its `who:` topic begins */
  constructor(store: Store, present: (room: string) => readonly string[]) {
    this.#store = store;
    this.#present = present;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Use a topic. It stays the same one until the hold is disposed.
   * @throws ProtocolError `busy` when there are too many feeds
   */
  hold(name: string): Hold {
    if (familyOf(name) === "feed") this.admit(name);
    const entry = this.#touch(name) ?? this.#load(name);
    entry.holds += 1;
    this.#evict();
    let held = true;
    return {
      topic: entry.ready,
      [Symbol.dispose]() {
        if (held) entry.holds -= 1;
        held = false;
      },
    };
  }

  /** A topic if it is in use. A promise while it is being loaded: what is committed meanwhile has to wait for it. */
  peek(name: string): Topic | Promise<Topic> | undefined {
    const entry = this.#entries.get(name);
    return entry?.topic ?? entry?.ready;
  }

  /**
   * Make sure that a topic can be published to: feeds are made now, rooms need nothing.
   * @throws ProtocolError `busy` when there are too many feeds and all of them are being read
   */
  admit(name: string): void {
    if (familyOf(name) !== "feed" || this.#touch(name)) return;
    if (this.#feeds >= USER_FEEDS && !this.#dropFeed()) {
      throw new ProtocolError(
        "busy",
        `${USER_FEEDS} feeds are being read on this server: use one of them`,
      );
    }
    this.feed(name);
  }

  /** A feed, made at once if it isn't there. */
  feed(name: string): LatestTopic {
    const existing = this.#touch(name)?.topic;
    if (existing instanceof LatestTopic) return existing;
    const key = name === MARKET ? "symbol" : "key";
    const topic = new LatestTopic(name, ++this.#n, randomEpoch(), key, FEED_BOUNDS, now());
    this.#entries.set(name, { ready: Promise.resolve(topic), topic, holds: 0 });
    if (name !== MARKET) this.#feeds += 1;
    return topic;
  }

  #load(name: string): Entry {
    const entry = familyOf(name) === "room" ? this.#loadRoom(name) : this.#makePresence(name);
    this.#entries.set(name, entry);
    return entry;
  }

  #loadRoom(name: string): Entry {
    const n = ++this.#n;
    const ready = this.#store
      .state(name)
      .then((state) => new LogTopic(name, n, this.#store, state, now()));
    const entry: Entry = { ready, topic: undefined, holds: 0 };
    ready.then(
      (topic) => (entry.topic = topic),
      () => this.#entries.delete(name),
    );
    return entry;
  }

  #makePresence(name: string): Entry {
    const topic = new LatestTopic(name, ++this.#n, randomEpoch(), "nick", PRESENCE_BOUNDS, now());
    for (const nick of this.#present(`room:${name.slice("who:".length)}`)) {
      appendPresence(topic, nick, true);
    }
    return { ready: Promise.resolve(topic), topic, holds: 0 };
  }

  #touch(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry;
  }

  // Unlike rooms, feeds can't be loaded again: they have a bound of their own.
  #evict(): void {
    if (this.#entries.size <= TOPICS) return;
    for (const [name, { topic, holds }] of this.#entries) {
      if (topic && holds === 0 && familyOf(name) !== "feed") this.#entries.delete(name);
      if (this.#entries.size <= TOPICS) return;
    }
  }

  #dropFeed(): boolean {
    for (const [name, { holds }] of this.#entries) {
      if (familyOf(name) !== "feed" || name === MARKET || holds > 0) continue;
      this.#entries.delete(name);
      this.#feeds -= 1;
      return true;
    }
    return false;
  }
}

/** Say in a `who:` topic that somebody has come or gone. */
export function appendPresence(topic: LatestTopic, nick: string, here: boolean) {
  const event = { at: now(), from: "", body: JSON.stringify({ nick, here }) };
  return here ? topic.append(nick, event) : topic.retire(nick, event);
}
