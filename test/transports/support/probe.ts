import type { Position, Start } from "../../../src/protocol/cursor.ts";
import type { ServerFrame } from "../../../src/protocol/frames.ts";
import type { Hello } from "../../../src/protocol/hello.ts";
import { openWire } from "../../../src/transports/shared/client/wire.ts";
import type {
  ClientLink,
  ClientTransport,
  LinkRequest,
  Wire,
} from "../../../src/transports/transport.ts";
import { Log } from "../../client/support/wait.ts";

export interface ProbeOptions {
  readonly topics?: Record<string, Start>;
  readonly nick?: string;
  readonly identity?: string;
  readonly signal?: AbortSignal;
  readonly pollInterval?: LinkRequest["pollInterval"];
  /** The name of the link; without it the link is nameless. */
  readonly session?: string;
}

type Frame<Kind extends ServerFrame["kind"]> = Extract<ServerFrame, { kind: Kind }>;

/** One link, read to its end in the background, with a cursor as a session would keep it. */
export class Probe implements AsyncDisposable {
  readonly wire: Wire;
  readonly link: ClientLink;
  readonly frames = new Log<ServerFrame>();
  /** Resolves with how the link's frames ended: what was thrown, or undefined. */
  readonly ended: Promise<unknown>;
  readonly #request: Request;

  static async open(
    transport: ClientTransport,
    url: URL,
    options: ProbeOptions = {},
  ): Promise<Probe> {
    const wire = openWire(url);
    const request = new Request(wire, options);
    try {
      const link = await transport.open(request, options.signal ?? new AbortController().signal);
      return new Probe(wire, link, request);
    } catch (error) {
      await wire[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(wire: Wire, link: ClientLink, request: Request) {
    this.wire = wire;
    this.link = link;
    this.#request = request;
    this.ended = this.#read();
  }

  get positions(): ReadonlyMap<string, Position> {
    return this.#request.positions;
  }

  all<Kind extends ServerFrame["kind"]>(kind: Kind): Frame<Kind>[] {
    return this.frames.items.filter((frame): frame is Frame<Kind> => frame.kind === kind);
  }

  first<Kind extends ServerFrame["kind"]>(kind: Kind, start = 0): Promise<Frame<Kind>> {
    return this.frames.first(
      `a ${kind} frame`,
      (frame): frame is Frame<Kind> => frame.kind === kind,
      start,
    );
  }

  /** Texts of all events so far, by topic. */
  texts(topic = "room:lobby"): string[] {
    const names = this.#request.names;
    return this.all("event")
      .filter(({ n }) => names.get(n) === topic)
      .map(({ body }) => (body as { text: string }).text);
  }

  async publish(
    numbers: Iterable<number>,
    text = (number: number) => `m${number}`,
    topic = "room:lobby",
  ): Promise<void> {
    await this.link.send(
      Array.from(numbers, (number) => ({
        kind: "publish",
        producer: "probe-0001",
        number,
        topic,
        body: { text: text(number) },
      })),
    );
  }

  async close(): Promise<void> {
    await this.link[Symbol.asyncDispose]();
    await this.wire[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #read(): Promise<unknown> {
    try {
      for await (const batch of this.link.frames) {
        for (const frame of batch) {
          this.#request.hear(frame);
          this.frames.add(frame);
        }
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

class Request implements LinkRequest {
  readonly wire: Wire;
  readonly pollInterval: LinkRequest["pollInterval"];
  readonly names = new Map<number, string>();
  readonly positions = new Map<string, Position>();
  readonly #options: ProbeOptions;

  constructor(wire: Wire, options: ProbeOptions) {
    this.wire = wire;
    this.#options = options;
    this.pollInterval = options.pollInterval ?? { min: 5, max: 20 };
  }

  readonly hello = (): Hello => {
    const {
      topics = { "room:lobby": "beginning" },
      nick,
      identity,
      session = "probe",
    } = this.#options;
    const starts = Object.entries(topics).map(([topic, start]): [string, Start] => [
      topic,
      this.positions.get(topic) ?? start,
    ]);
    return { topics: new Map(starts), nick, identity, link: { session, number: 1 } };
  };

  hear(frame: ServerFrame): void {
    if (frame.kind === "topic") {
      this.names.set(frame.n, frame.topic);
      this.positions.set(frame.topic, { epoch: frame.epoch, offset: frame.after });
    }
    if (frame.kind === "event") {
      const topic = this.names.get(frame.n)!;
      const { epoch } = this.positions.get(topic)!;
      this.positions.set(topic, { epoch, offset: frame.offset });
    }
  }
}
