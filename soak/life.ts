import { setTimeout as sleep } from "node:timers/promises";
import type { Notice } from "../src/client/events.ts";
import { Session } from "../src/client/session.ts";
import { CLIENT_TRANSPORTS } from "../src/commands/transports.ts";
import { openWire } from "../src/transports/shared/client/wire.ts";
import { LinkError, TRANSPORTS, type Wire } from "../src/transports/transport.ts";
import type { Dice } from "./dice.ts";
import type { Log } from "./log.ts";
import { FeedRecord, type Record, RoomRecord, type Since } from "./record.ts";
import type { Tally } from "./tally.ts";

/** What was published in one session, by number: where it is kept; undefined: not acknowledged. */
export type Published = Map<number, { readonly room: string; offset: number | null | undefined }>;

export interface Scene {
  readonly rooms: readonly string[];
  readonly paths: readonly URL[];
  readonly log: Log;
  readonly tally: Tally;
}

/** A visitor that can't get rid of so many messages says no more for now. */
const UNACKED = 2_000;

/** One session of a visitor, and the record of all that it is given. */
export class Life {
  readonly #name: string;
  readonly #nick: string;
  readonly #published: Published;
  readonly #scene: Scene;
  readonly #dice: Dice;
  readonly #wire: Wire;
  readonly #session: Session;
  readonly #records = new Map<string, Record>();
  #number = 0;

  constructor(name: string, nick: string, published: Published, scene: Scene, dice: Dice) {
    this.#name = name;
    this.#nick = nick;
    this.#published = published;
    this.#scene = scene;
    this.#dice = dice;
    this.#wire = openWire(dice.one(scene.paths));
    const topics = new Map<string, Exclude<Since, object>>([["feed:market", "now"]]);
    for (const room of scene.rooms) if (dice.chance(60)) topics.set(room, this.#since());
    for (const [topic, since] of topics) this.#keep(topic, since);
    this.#session = new Session({
      wire: this.#wire,
      transports: CLIENT_TRANSPORTS,
      transport: dice.one([...TRANSPORTS, "auto"]),
      topics,
      nick,
      identity: `secret-of-${nick}`.padEnd(20, "."),
      wait: true,
      pollInterval: { min: 50, max: 500 },
      pingInterval: 500,
    });
    // One that fails now and then, before the one that keeps the record: it must not matter.
    this.#session.listen((notice) => this.#stumble(notice));
    this.#session.listen((notice) => this.#record(notice));
    this.#session.start();
  }

  publish(count: number): void {
    const { unacked } = this.#session.status;
    if (unacked > UNACKED) return;
    for (let left = count; left > 0; left--) this.#say(this.#dice.one(this.#scene.rooms));
  }

  swap(): void {
    const to = this.#dice.one(TRANSPORTS);
    this.#session.swap(to).then(
      () => this.#scene.tally.count("swaps"),
      () => this.#scene.tally.count("swaps that failed"),
    );
  }

  rename(): void {
    const nick = this.#dice.one([this.#nick, `${this.#nick}-too`]);
    this.#session.rename(nick).then(
      () => this.#scene.tally.count("nicks changed"),
      () => this.#scene.tally.count("nick changes that failed"),
    );
  }

  resubscribe(): void {
    const room = this.#dice.one(this.#scene.rooms);
    if (this.#records.has(room)) this.#leave(room);
    else this.#join(room, this.#sinceIn(room));
  }

  beSlow(): void {
    this.#scene.tally.count("readers that were slow");
    const pace = this.#dice.below(300);
    const end = this.#session.throttle(() => sleep(pace));
    setTimeout(end, this.#dice.below(8_000)).unref();
  }

  compare(): void {
    for (const record of this.#records.values()) record.compare();
  }

  get isSilent(): boolean {
    return this.#session.status.unacked === 0;
  }

  get hasAll(): boolean {
    return this.#session.status.state === "live" && this.#behind().length === 0;
  }

  /** Where it stands, for a person. */
  get standing(): string {
    const { state, transport, unacked } = this.#session.status;
    return `${this.#name}: ${state} on ${transport}, ${unacked} unacknowledged, behind in ${this.#behind().join(", ")}`;
  }

  /** @param complete whether everything should have come */
  async end(complete: boolean): Promise<void> {
    const { duplicatesDropped, reconnects, messages } = this.#session.stats;
    await this.#session.close();
    await this.#wire[Symbol.asyncDispose]();
    const { tally, log } = this.#scene;
    tally.count("events delivered", messages);
    tally.count("repetitions dropped", duplicatesDropped);
    tally.count("links lost", reconnects);
    log.read();
    for (const record of this.#records.values()) {
      record.end(complete ? log.head(record.topic) : undefined);
    }
  }

  // What fails here would become a warning, and the record would be without it.
  #record(notice: Notice): void {
    try {
      this.#hear(notice);
    } catch (error) {
      this.#scene.tally.wrong("unrecorded", `${this.#name}: ${String(error)}`);
    }
  }

  #hear(notice: Notice): void {
    if (notice.kind === "link" && notice.state === "closed" && this.#session.failure) {
      this.#scene.tally.wrong("leftBehind", `${this.#name}: ended by itself, ${notice.reason}`);
    }
    if (notice.kind === "topic") this.#records.get(notice.topic)?.introduced();
    if (notice.kind === "gap") {
      this.#scene.tally.count(`gaps: ${notice.reason}`);
      this.#records.get(notice.topic)?.gap(notice);
    }
    if (notice.kind !== "event") return;
    const { topic, offset } = notice;
    const record = this.#records.get(topic);
    if (!record) {
      this.#scene.tally.wrong("unwanted", `${this.#name} in ${topic}: ${offset}`);
      return;
    }
    record.event(notice);
    if (topic === "feed:market" || !this.#dice.chance(0.1)) return;
    // In the middle of an event: leave, and perhaps come back at once.
    this.#scene.tally.count("subscriptions changed inside a reader");
    this.#leave(topic);
    if (this.#dice.chance(70)) this.#join(topic, this.#sinceIn(topic));
  }

  #stumble(notice: Notice): void {
    if (notice.kind !== "event" || !this.#dice.chance(0.05)) return;
    this.#scene.tally.count("readers that threw");
    throw new Error("a reader that throws");
  }

  #say(room: string): void {
    const number = ++this.#number;
    const entry: { room: string; offset: number | null | undefined } = { room, offset: undefined };
    this.#published.set(number, entry);
    this.#scene.tally.count("published");
    this.#session.publish(room, `${this.#name} ${number}`).then(
      ({ offset }) => {
        entry.offset = offset;
        this.#scene.tally.count("acknowledged");
      },
      (error: unknown) => {
        // The session ended first: it may be in the log or not.
        if (error instanceof LinkError) this.#scene.tally.count("given up with their session");
        else this.#scene.tally.wrong("lost", `${this.#name} ${number}: ${String(error)}`);
      },
    );
  }

  #since(): Exclude<Since, object> {
    return this.#dice.one<Exclude<Since, object>>(["beginning", "now", this.#dice.below(100)]);
  }

  // Coming back to a room one knows where to go on in most cases.
  #sinceIn(room: string): Since {
    const { log } = this.#scene;
    const offset = log.head(room) - this.#dice.below(50);
    return this.#dice.chance(60) && offset > log.floor(room)
      ? { epoch: log.epoch, offset }
      : this.#since();
  }

  #join(room: string, since: Since): void {
    this.#keep(room, since);
    this.#session.subscribe(room, since);
  }

  #leave(room: string): void {
    this.#session.unsubscribe(room);
    const record = this.#records.get(room);
    this.#records.delete(room);
    this.#scene.log.read();
    record?.end(undefined);
  }

  #keep(topic: string, since: Since): void {
    const { log, tally } = this.#scene;
    this.#records.set(
      topic,
      topic === "feed:market"
        ? new FeedRecord(topic, this.#name, tally)
        : new RoomRecord(topic, since, this.#name, log, tally),
    );
  }

  #behind(): string[] {
    return [...this.#records.values()].filter(({ isBehind }) => isBehind).map(({ topic }) => topic);
  }
}
