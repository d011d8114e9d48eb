import type { TopicEvent } from "../../src/client/events.ts";
import { Client } from "../client/support/client.ts";

/** Somebody else, who watches who is in `room:lobby`. */
export class Observer implements AsyncDisposable {
  readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  static async of(url: URL): Promise<Observer> {
    return new Observer(
      await Client.live(url, "websocket", { topics: { "who:lobby": "now" }, wait: true }),
    );
  }

  /** Comings and goings so far: `+bob`, `-bob`. */
  get story(): string[] {
    return this.client.events("who:lobby").map(told);
  }

  /** Resolves once this has been told `times` times. @returns when it had been, ms of this process's clock */
  async sees(what: string, times = 1, ms = 15_000): Promise<number> {
    const { notices } = this.client;
    const often = () =>
      notices.items.filter((n) => n.kind === "event" && told(n) === what).length >= times;
    await notices.until(`${what} (${times})`, often, ms);
    return performance.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

function told({ body }: TopicEvent): string {
  const { nick, here } = body as { nick: string; here: boolean };
  return `${here ? "+" : "-"}${nick}`;
}

/** The identity of a person, by name. */
export function identity(name: string): string {
  return `secret-of-${name}`.padEnd(16, "x");
}
