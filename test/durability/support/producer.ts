import type { Notice } from "../../../src/client/events.ts";
import type { Acked } from "../../../src/client/outbox.ts";
import { LinkError, type TransportName } from "../../../src/transports/transport.ts";
import { Client } from "../../client/support/client.ts";
import { Log } from "../../client/support/wait.ts";

/** Publishes that wait for their ack at once. */
const WINDOW = 200;

/** A text that is kept, and where. */
interface Kept extends Acked {
  readonly text: string;
}

/** Publishes numbered texts at full speed, to the rooms in turn, for as long as it is let. */
export class Producer implements AsyncDisposable {
  readonly name: string;
  readonly client: Client;
  /** In the order of the texts. */
  readonly kept: Kept[] = [];
  /** What became known of the others when the session ended: nothing. */
  readonly unknown: string[] = [];
  /** One item for each ack that came. */
  readonly acks = new Log<number>();
  readonly #rooms: readonly string[];
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(name: string, url: URL, transport: TransportName, rooms: readonly string[]) {
    this.name = name;
    this.#rooms = rooms;
    this.client = new Client(url, transport, { topics: {}, wait: true });
    this.client.session.start();
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Publish nothing new, and wait until the fate of all is known. */
  async settle(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** As a program that ends: what isn't acknowledged by now is given up. */
  async leave(): Promise<void> {
    this.#stopped = true;
    await this.client.close();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  async #run(): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let n = 1; !this.#stopped; n++) {
      waiting.push(this.#publish(this.#rooms[n % this.#rooms.length]!, textOf(this.name, n)));
      if (waiting.length >= WINDOW) await waiting.shift();
    }
    await Promise.all(waiting);
  }

  async #publish(room: string, text: string): Promise<void> {
    try {
      const acked = await this.client.session.publish(room, text);
      this.kept.push({ text, ...acked });
      this.acks.add(this.kept.length);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      this.unknown.push(text);
    }
  }
}

/** Names its producer and its number, and shows whether it is whole: short ones, and some that span pages of a database. */
export function textOf(name: string, n: number): string {
  const filler = n % 97 === 0 ? 6_000 : n % 60;
  return `${name} ${n} ${String(n).repeat(filler).slice(0, filler)}.`;
}

/** What a text says of itself; throws unless it is whole. */
export function readText(text: string): { readonly name: string; readonly n: number } {
  const [name = "", number] = text.split(" ");
  const n = Number(number);
  if (text !== textOf(name, n)) throw new Error(`torn: ${JSON.stringify(text)}`);
  return { name, n };
}

/** Follows rooms from their beginning, and fails where an event is missing, comes twice, or out of order. */
export class Follower implements AsyncDisposable {
  readonly client: Client;
  /** By room. */
  readonly texts: Map<string, string[]>;
  readonly wrong: string[] = [];
  readonly #heard = new Log<undefined>();

  constructor(url: URL, transport: TransportName, rooms: readonly string[]) {
    const topics = Object.fromEntries(rooms.map((room) => [room, "beginning" as const]));
    this.texts = new Map(rooms.map((room) => [room, []]));
    this.client = new Client(url, transport, { topics, wait: true });
    this.client.session.listen((notice) => this.#hear(notice));
    this.client.session.start();
  }

  /** Resolves when so many events of a room have come. */
  async received(room: string, count: number): Promise<readonly string[]> {
    const texts = this.texts.get(room)!;
    await this.#heard.until(`${count} events of ${room}`, () => texts.length >= count, 60_000);
    return texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }

  #hear(notice: Notice): void {
    if (notice.kind === "gap") this.wrong.push(`gap: ${JSON.stringify(notice)}`);
    if (notice.kind !== "event") return;
    const texts = this.texts.get(notice.topic)!;
    texts.push((notice.body as { text: string }).text);
    if (notice.offset !== texts.length) {
      this.wrong.push(`${notice.topic}: offset ${notice.offset} came as number ${texts.length}`);
    }
    this.#heard.add(undefined);
  }
}
