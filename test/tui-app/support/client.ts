import type { HistoryPage, RoomInfo } from "../../../src/client/api.ts";
import type { SwapNotice } from "../../../src/client/events.ts";
import type { Acked } from "../../../src/client/outbox.ts";
import type { Status } from "../../../src/client/session.ts";
import type { TransportName } from "../../../src/client/transport-names.ts";
import type { Body } from "../../../src/protocol/frames.ts";
import type { Context } from "../../../src/tui/control/context.ts";
import { onKey } from "../../../src/tui/control/keys.ts";
import { feed, KEYS_START } from "../../../src/tui/input/keys.ts";
import type { State } from "../../../src/tui/store/state.ts";
import { Store } from "../../../src/tui/store/store.ts";
import { fresh } from "./states.ts";

interface Published {
  readonly topic: string;
  readonly body: Body | string;
  readonly fate: PromiseWithResolvers<Acked>;
}

/** A user at the keyboard, with a session and a server that do as the test says. */
export class Client {
  readonly published: Published[] = [];
  readonly topics = new Set<string>();
  readonly swaps: {
    readonly transport: TransportName;
    readonly fate: PromiseWithResolvers<SwapNotice>;
  }[] = [];
  readonly nicks: string[] = [];
  rooms: RoomInfo[] = [];
  pages: HistoryPage[] = [];
  quits = 0;
  status: Status = { state: "live", transport: "websocket", nick: "alice", unacked: 0 };
  readonly store: Store;
  readonly context: Context;

  constructor(change: Partial<State> = {}) {
    this.store = new Store(fresh(change));
    this.store.dispatch({ kind: "live", transport: "websocket", now: Date.now() });
    this.context = {
      store: this.store,
      session: this,
      api: {
        rooms: () => Promise.resolve(this.rooms),
        history: () => Promise.resolve(this.pages.shift() ?? { events: [], more: false }),
      },
      rename: (nick) => {
        this.nicks.push(nick);
        return Promise.resolve();
      },
      quit: () => {
        this.quits += 1;
      },
    };
  }

  publish(topic: string, body: Body | string): Promise<Acked> {
    const fate = Promise.withResolvers<Acked>();
    this.published.push({ topic, body, fate });
    return fate.promise;
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  swap(transport: TransportName): Promise<SwapNotice> {
    const fate = Promise.withResolvers<SwapNotice>();
    this.swaps.push({ transport, fate });
    return fate.promise;
  }

  get state(): State {
    return this.store.get();
  }

  /** Types as a terminal would send it, all in one read. */
  type(text: string): void {
    for (const key of feed(KEYS_START, Buffer.from(text)).keys) onKey(this.context, key);
  }
}
