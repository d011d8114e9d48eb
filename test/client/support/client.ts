import { CLIENT_TRANSPORTS } from "../../../src/commands/transports.ts";
import type { LinkNotice, Notice, TopicEvent } from "../../../src/client/events.ts";
import { Session, type SessionOptions } from "../../../src/client/session.ts";
import type { Since } from "../../../src/protocol/cursor.ts";
import { openWire } from "../../../src/transports/shared/client/wire.ts";
import type { TransportName, Wire } from "../../../src/transports/transport.ts";
import { Log, within } from "./wait.ts";

export interface ClientOptions extends Partial<Omit<SessionOptions, "wire" | "topics">> {
  readonly topics?: Record<string, Since>;
}

/** A session over a wire of its own, and all that it tells. */
export class Client implements AsyncDisposable {
  readonly wire: Wire;
  readonly session: Session;
  readonly notices = new Log<Notice>();

  constructor(url: URL, transport: TransportName | "auto", options: ClientOptions = {}) {
    const { topics = { "room:lobby": "beginning" }, ...rest } = options;
    this.wire = openWire(url);
    this.session = new Session({
      wire: this.wire,
      transports: CLIENT_TRANSPORTS,
      transport,
      topics: new Map(Object.entries(topics)),
      pollInterval: { min: 5, max: 40 },
      ...rest,
    });
    this.session.listen((notice) => this.notices.add(notice));
  }

  /** A client that is live. */
  static async live(
    url: URL,
    transport: TransportName | "auto",
    options?: ClientOptions,
  ): Promise<Client> {
    const client = new Client(url, transport, options);
    client.session.start();
    try {
      await client.link("live");
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** The next link notice of this state. */
  link(state: LinkNotice["state"], start = 0): Promise<LinkNotice> {
    const matches = (notice: Notice): notice is LinkNotice =>
      notice.kind === "link" && notice.state === state;
    return this.notices.first(`the link being ${state}`, matches, start);
  }

  events(topic = "room:lobby"): TopicEvent[] {
    return this.notices.items
      .filter((notice) => notice.kind === "event")
      .filter((event) => event.topic === topic);
  }

  texts(topic = "room:lobby"): string[] {
    return this.events(topic).map(({ body }) => (body as { text: string }).text);
  }

  /** Resolves when so many events of a topic have come. */
  async received(count: number, topic = "room:lobby"): Promise<string[]> {
    let seen = 0;
    let events = 0;
    const { items } = this.notices;
    const enough = () => {
      for (; seen < items.length; seen++) {
        const notice = items[seen]!;
        if (notice.kind === "event" && notice.topic === topic) events += 1;
      }
      return events >= count;
    };
    await this.notices.until(`${count} events of ${topic}`, enough, 25_000);
    return this.texts(topic);
  }

  /** Why links came to be in this state. */
  reasons(state: LinkNotice["state"]): (string | undefined)[] {
    return this.notices.items
      .filter((notice) => notice.kind === "link")
      .filter((link) => link.state === state)
      .map(({ reason }) => reason);
  }

  kinds(): string[] {
    return this.notices.items.map((notice) =>
      notice.kind === "link" ? notice.state : notice.kind,
    );
  }

  async close(): Promise<void> {
    await within(10_000, "the end of the session", this.session.close());
    await this.wire[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Publish `count` texts, a few at a time; resolves when all are acknowledged. */
export async function publishAll(
  session: Session,
  prefix: string,
  count: number,
  topic = "room:lobby",
): Promise<void> {
  const WINDOW = 20;
  const waiting: Promise<unknown>[] = [];
  for (let number = 1; number <= count; number++) {
    waiting.push(session.publish(topic, `${prefix}${number}`));
    if (waiting.length >= WINDOW) await waiting.shift();
  }
  await Promise.all(waiting);
}

/** `a1 a2 a3 …` */
export function texts(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}
