import { ProtocolError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import { familyOf } from "../protocol/names.ts";
import { now } from "./clock.ts";
import { randomEpoch } from "./epoch.ts";
import { LatestTopic } from "./latest-topic.ts";
import { LogTopic } from "./log-topic.ts";
import type { Store } from "./store/store.ts";
import type { Topic } from "./topic.ts";

/** Topics held in memory; beyond it those that nobody reads go, the longest unused first. */
const TOPICS = 10_000;
/** Feeds that users may make: unlike rooms they can't be loaded again, so they stay. */
const USER_FEEDS = 1_000;
const PRESENCE_KEYS = 10_000;

interface Entry {
  readonly ready: Promise<Topic>;
  topic: Topic | undefined;
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

  /** @throws ProtocolError `busy` when there are too many feeds */
  get(name: string): Promise<Topic> {
    let entry = this.#entries.get(name);
    if (entry) {
      this.#entries.delete(name);
      this.#entries.set(name, entry);
      return entry.ready;
    }
    const made = this.#make(name);
    // A feed is in the table already; setting it again changes nothing.
    entry = { ready: Promise.resolve(made), topic: made instanceof Promise ? undefined : made };
    this.#entries.set(name, entry);
    if (made instanceof Promise) {
      const loading = entry;
      made.then(
        (topic) => (loading.topic = topic),
        () => this.#entries.delete(name),
      );
    }
    this.#evict();
    return entry.ready;
  }

  /** A topic if it is in use. A promise while it is being loaded: what is committed meanwhile has to wait for it. */
  peek(name: string): Topic | Promise<Topic> | undefined {
    const entry = this.#entries.get(name);
    return entry?.topic ?? entry?.ready;
  }

  /**
   * Make sure that a topic can be published to: feeds are made now, rooms need nothing.
   * @throws ProtocolError `busy` when there are too many feeds
   */
  admit(name: string): void {
    if (familyOf(name) !== "feed" || this.#entries.has(name)) return;
    if (++this.#feeds > USER_FEEDS) {
      this.#feeds -= 1;
      throw new ProtocolError(
        "busy",
        `there are ${USER_FEEDS} feeds on this server already: use one of them`,
      );
    }
    this.latest(name, "key");
  }

  /** A latest topic, made at once if it isn't there. */
  latest(name: string, key: string): LatestTopic {
    const existing = this.#entries.get(name)?.topic;
    if (existing instanceof LatestTopic) return existing;
    const topic = new LatestTopic(name, ++this.#n, randomEpoch(), key, LIMITS.feedKeys, now());
    this.#entries.set(name, { ready: Promise.resolve(topic), topic });
    return topic;
  }

  #make(name: string): Topic | Promise<Topic> {
    const n = ++this.#n;
    switch (familyOf(name)) {
      case "room":
        return this.#store
          .state(name)
          .then((state) => new LogTopic(name, n, this.#store, state, now()));
      case "feed":
        this.admit(name);
        return this.latest(name, "key");
      case "who": {
        const topic = new LatestTopic(name, n, randomEpoch(), "nick", PRESENCE_KEYS, now());
        const room = `room:${name.slice("who:".length)}`;
        for (const nick of this.#present(room)) topic.append(nick, presenceEvent(nick, true));
        return topic;
      }
    }
  }

  #evict(): void {
    if (this.#entries.size <= TOPICS) return;
    for (const [name, { topic }] of this.#entries) {
      if (topic && topic.readers === 0 && familyOf(name) !== "feed") this.#entries.delete(name);
      if (this.#entries.size <= TOPICS) return;
    }
  }
}

/** An event of a `who:` topic. */
export function presenceEvent(
  nick: string,
  here: boolean,
): { at: number; from: string; body: string } {
  return { at: now(), from: "", body: JSON.stringify({ nick, here }) };
}
