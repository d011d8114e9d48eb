import type { ClientFrame } from "../../../src/protocol/frames.ts";
import {
  LinkError,
  type LinkRequest,
  type ServerReader,
  type Sink,
  type TransportName,
} from "../../../src/transports/transport.ts";
import { type Between, type Ends, handle, LoopLink } from "./loop-link.ts";

/** Lines that a link may hold in flight; beyond it its reader has to wait. */
const FULL = 40;
/** Lines that arrive together. */
const TOGETHER = 12;

/** A link that is written to for as long as it lives. */
export class StreamLink extends LoopLink implements Sink {
  readonly #name: TransportName;
  readonly #reader: ServerReader;
  readonly #lines: string[] = [];
  #flowing = false;
  #over = false;
  #sent: Promise<void> = Promise.resolve();

  constructor(
    name: TransportName,
    request: LinkRequest,
    between: Between,
    ends: Ends,
    cut: AbortController,
  ) {
    super(request, between, ends, cut);
    this.#name = name;
    this.#reader = between.hub().open(request.hello(), this, "stream");
    ends.cut.addEventListener("abort", () => this.#reader.close());
  }

  get full(): boolean {
    return this.#lines.length >= FULL;
  }

  write({ lines }: { readonly lines: readonly string[] }): void {
    this.#lines.push(...lines);
    void this.#flow();
  }

  // The server ends it; what is in flight still arrives.
  override end(error?: unknown): void {
    if (error) this.#lines.push(JSON.stringify(error));
    this.#over = true;
    void this.#flow();
  }

  override async send(frames: readonly ClientFrame[]): Promise<void> {
    if (this.#name === "sse") return this.post(frames);
    // In order, and nobody waits for the answers, which come with the events.
    const arrived = this.#sent.then(() => this.between.travel(this.ends));
    this.#sent = arrived.then(() => void this.#answer(frames));
    this.#sent.catch(() => {});
    await arrived;
  }

  async #answer(frames: readonly ClientFrame[]): Promise<void> {
    try {
      this.#reader.heard();
      for (const answer of await handle(this.between.hub(), this.request, frames)) {
        if (answer.kind === "ack" || answer.kind === "nack") this.#reader.send(answer);
        if (answer.kind === "clock") this.#reader.send({ ...answer, kind: "pong" });
      }
    } catch {
      // The server has gone: the link is cut with it.
    }
  }

  async #flow(): Promise<void> {
    if (this.#flowing) return;
    this.#flowing = true;
    try {
      while (this.#lines.length > 0) {
        await this.between.travel(this.ends);
        const wasFull = this.full;
        await this.deliver(this.between.harm(this.#lines.splice(0, TOGETHER)));
        if (wasFull && !this.full) this.#reader.drained();
      }
      if (this.#over) super.end(new LinkError("closed", "the server ended the connection"));
    } catch (error) {
      super.end(error);
    }
    this.#flowing = false;
  }
}
