import { parseTopic } from "../protocol/names.ts";
import type { Position, Since } from "../protocol/cursor.ts";
import type { Notice } from "./events.ts";
import type { Session } from "./session.ts";
import { type TopicItem, TopicQueue } from "./topic-queue.ts";

/** Items that wait for one reader. Beyond it the links aren't read from until half of them are gone. */
const QUEUE = 1_024;
/**
 * While something waits for its ack, links are read all the same. Beyond this the topic is left, and read on from the log when its readers
 * have caught up.
 */
const TOO_FAR = 16 * QUEUE;

interface Feed {
  readonly topic: string;
  readonly queues: Set<TopicQueue>;
  /** The last event that was put into the queues. */
  last: Position | undefined;
  /** Its readers were too far behind: it isn't being read. */
  left: boolean;
}

/** A session's topics as loops read them: each loop at its own pace, with a queue of its own. */
export class TopicFeeds {
  readonly #session: Session;
  readonly #feeds = new Map<string, Feed>();
  #room: PromiseWithResolvers<void> | undefined;

  constructor(session: Session) {
    this.#session = session;
    session.listen((notice) => this.#hear(notice));
    session.throttle(async () => this.#waitForRoom());
  }

  /**
   * Read a topic for as long as the loop runs. It begins at `since` unless another loop is reading it already: then it begins now.
   * Ends when the session is closed; throws LinkError when the session ended by itself, ProtocolError for a wrong topic.
   */
  async *read(topic: string, since: Since): AsyncGenerator<TopicItem, void, void> {
    const queue = new TopicQueue();
    const feed = this.#open(parseTopic(topic), since, queue);
    try {
      for (let item = await queue.next(); item; item = await queue.next()) {
        this.#taken(feed);
        yield item;
      }
    } finally {
      this.#close(feed, queue);
    }
  }

  #open(topic: string, since: Since, queue: TopicQueue): Feed {
    let feed = this.#feeds.get(topic);
    if (!feed) {
      this.#session.subscribe(topic, since);
      this.#feeds.set(topic, (feed = { topic, queues: new Set(), last: undefined, left: false }));
    }
    feed.queues.add(queue);
    if (this.#session.status.state === "closed") queue.end(this.#session.failure);
    return feed;
  }

  #close(feed: Feed, queue: TopicQueue): void {
    feed.queues.delete(queue);
    if (feed.queues.size === 0) {
      this.#feeds.delete(feed.topic);
      this.#session.unsubscribe(feed.topic);
    }
    this.#taken(feed);
  }

  #hear(notice: Notice): void {
    if (notice.kind === "event" || notice.kind === "gap") {
      const feed = this.#feeds.get(notice.topic);
      if (feed) this.#put(feed, notice);
    } else if (notice.kind === "link" && notice.state === "closed") {
      for (const { queues } of this.#feeds.values()) {
        for (const queue of queues) queue.end(this.#session.failure);
      }
    }
  }

  #put(feed: Feed, item: TopicItem): void {
    for (const queue of feed.queues) queue.put(item);
    if (item.kind !== "event") return;
    feed.last = { epoch: item.epoch, offset: item.offset };
    if (!feed.left && longest(feed) >= TOO_FAR) {
      feed.left = true;
      this.#session.unsubscribe(feed.topic);
    }
  }

  #taken(feed: Feed): void {
    if (feed.left && feed.queues.size > 0 && longest(feed) <= QUEUE / 2) {
      feed.left = false;
      this.#session.subscribe(feed.topic, feed.last);
    }
    if (this.#room && this.#longest() <= QUEUE / 2) {
      this.#room.resolve();
      this.#room = undefined;
    }
  }

  async #waitForRoom(): Promise<void> {
    if (this.#longest() < QUEUE) return;
    this.#room ??= Promise.withResolvers();
    await this.#room.promise;
  }

  #longest(): number {
    return Math.max(0, ...Array.from(this.#feeds.values(), longest));
  }
}

function longest({ queues }: Feed): number {
  return Math.max(0, ...Array.from(queues, ({ size }) => size));
}
