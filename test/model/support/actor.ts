import type { Notice } from "../../../src/client/events.ts";
import type { Acked } from "../../../src/client/outbox.ts";
import type { Beginning } from "../../../src/client/reading.ts";
import { Session, type SessionOptions } from "../../../src/client/session.ts";
import type { Since } from "../../../src/protocol/cursor.ts";
import { LinkError, type TransportName } from "../../../src/transports/transport.ts";
import { type Look, Stay, Violation } from "./stay.ts";

/** What a listener does in the middle of what it is told. */
export type Inside = (actor: Actor, topic: string) => void;

/** What it is told then. */
export type On = "event" | "gap" | "topic";

interface Published {
  readonly topic: string;
  readonly text: string;
  acked?: Acked;
}

interface Heard {
  readonly topic: string;
  readonly epoch: string;
  readonly offset: number;
  readonly text: string;
  readonly from: string;
}

/** A session, what it must have seen, and what it has published. */
export class Actor {
  readonly name: string;
  readonly session: Session;
  readonly published: Published[] = [];
  readonly heard: Heard[] = [];
  gaps = 0;
  /** All that it ever was seen as. */
  readonly nicks: Set<string>;
  /** The first thing that it did and may not. */
  fault: Error | undefined;
  readonly #wire: AsyncDisposable;
  readonly #look: Look;
  readonly #stays = new Map<string, Stay>();
  readonly #inside: { readonly on: On; readonly topic: string; readonly act: Inside }[] = [];
  readonly #wishes = new Set<Promise<unknown>>();
  #slow: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;
  #leaving = false;

  constructor(
    name: string,
    path: Pick<SessionOptions, "wire" | "transports">,
    transport: TransportName,
    topics: Readonly<Record<string, Since>>,
    look: Look,
  ) {
    this.name = name;
    this.nicks = new Set([name]);
    this.#wire = path.wire;
    this.#look = look;
    this.session = new Session({
      ...path,
      transport,
      topics: new Map(Object.entries(topics)),
      nick: name,
      identity: `the identity of ${name}`.replaceAll(" ", "-"),
      wait: true,
      pollInterval: { min: 5, max: 40 },
    });
    for (const [topic, since] of Object.entries(topics)) this.#stay(topic, since);
    this.session.listen((notice) => this.#hear(notice));
    this.session.listen((notice) => this.#act(notice));
    this.session.throttle(async () => this.#slow?.promise);
    this.session.start();
  }

  publish(topic: string, count: number): void {
    for (let left = count; left > 0; left--) {
      const published: Published = { topic, text: `${this.name}.${this.published.length + 1}` };
      this.published.push(published);
      this.session.publish(topic, published.text).then(
        (acked) => (published.acked = acked),
        (error: unknown) =>
          this.#leaving || this.#wrong(`${published.text} was refused: ${String(error)}`),
      );
    }
  }

  subscribe(topic: string, since: Beginning): void {
    if (!this.#stays.has(topic)) this.#stay(topic, since);
    this.session.subscribe(topic, since);
  }

  unsubscribe(topic: string): void {
    this.#stays.delete(topic);
    this.session.unsubscribe(topic);
  }

  /** Where it stands in a topic. */
  reads(topic: string): Stay | undefined {
    return this.#stays.get(topic);
  }

  /** Swap, and don't wait. It may fail as links do. */
  swap(transport: TransportName): void {
    this.#wish(this.session.swap(transport));
  }

  /** Not to wait for the next try any longer. */
  nudge(): void {
    const { state, transport } = this.session.status;
    if (state === "waiting") this.swap(transport);
  }

  rename(nick: string): void {
    this.nicks.add(nick);
    this.#wish(this.session.rename(nick));
  }

  /** Do something in the middle of the next thing of this kind that is told of a topic; once. */
  arm(on: On, topic: string, act: Inside): void {
    this.#inside.push({ on, topic, act });
  }

  slowDown(): void {
    this.#slow ??= Promise.withResolvers();
  }

  speedUp(): void {
    this.#slow?.resolve();
    this.#slow = undefined;
  }

  /** Whether it has nothing to wait for. */
  get settled(): boolean {
    const { state, unacked } = this.session.status;
    const stays = [...this.#stays.values()];
    return (
      state === "live" &&
      unacked === 0 &&
      this.#wishes.size === 0 &&
      stays.every(({ caughtUp }) => caughtUp)
    );
  }

  close(): Promise<void> {
    this.speedUp();
    this.#leaving = true;
    return (this.#closed ??= (async () => {
      await this.session.close();
      await this.#wire[Symbol.asyncDispose]();
    })());
  }

  toString(): string {
    const { state, transport, unacked } = this.session.status;
    const waits = this.#wishes.size === 0 ? "" : `, ${this.#wishes.size} wishes`;
    return `${this.name} (${transport} ${state}, ${unacked} unacked${waits}) ${[...this.#stays.values()].join(", ")}`;
  }

  #stay(topic: string, since: Beginning): void {
    this.#stays.set(topic, new Stay(topic, since, this.#look));
  }

  #hear(notice: Notice): void {
    if (!("topic" in notice)) {
      if (notice.kind === "link" && notice.state === "closed" && !this.#leaving)
        this.#wrong(`it has ended: ${notice.reason}`);
      if (notice.kind === "error" && notice.code !== "draining")
        this.#wrong(`the server says ${notice.code}: ${notice.message}`);
      return;
    }
    try {
      const stay = this.#stays.get(notice.topic);
      if (!stay) throw new Violation(`${notice.kind} of ${notice.topic}, which isn't read`);
      stay.hear(notice);
    } catch (error) {
      this.#wrong(error instanceof Error ? error.message : String(error));
    }
    if (notice.kind === "gap") this.gaps += 1;
    if (notice.kind === "event") {
      const { topic, epoch, offset, from } = notice;
      const { text } = notice.body as { readonly text: string };
      this.heard.push({ topic, epoch, offset, from, text });
    }
  }

  // Throws what the act throws, into the session.
  #act(notice: Notice): void {
    if (!("topic" in notice)) return;
    const index = this.#inside.findIndex(
      ({ on, topic }) => on === notice.kind && topic === notice.topic,
    );
    const [armed] = index < 0 ? [] : this.#inside.splice(index, 1);
    armed?.act(this, notice.topic);
  }

  #wish(wish: Promise<unknown>): void {
    const failed = (error: unknown) => {
      if (!(error instanceof LinkError)) this.#wrong(`a wish failed: ${String(error)}`);
    };
    const settled = wish.catch(failed).finally(() => this.#wishes.delete(settled));
    this.#wishes.add(settled);
  }

  #wrong(what: string): void {
    this.fault ??= new Violation(`${this.name}: ${what}`);
  }
}
