import type { ServerFrame } from "../protocol/frames.ts";
import {
  type ClientTransport,
  LinkError,
  type TransportName,
  TRANSPORTS,
  type Wire,
} from "../transports/transport.ts";
import { Attempt, type Wanted } from "./attempt.ts";
import { backoff } from "./backoff.ts";
import { Chooser } from "./chooser.ts";
import type { SwapNotice } from "./events.ts";
import { type Effect, type State, transition, type Trigger } from "./lifecycle.ts";
import { judge, wasGood } from "./judging.ts";
import type { Notices } from "./notices.ts";
import type { Reading } from "./reading.ts";
import { Relinks } from "./relinks.ts";
import { Swaps } from "./swap.ts";
import { Terms } from "./terms.ts";
import { WayBack } from "./way-back.ts";

export interface LinksOptions {
  readonly wire: Wire;
  readonly transports: ReadonlyMap<TransportName, ClientTransport>;
  readonly transport?: TransportName | "auto" | undefined;
  readonly nick?: string | undefined;
  readonly wait?: boolean | undefined;
  readonly pollInterval?: { readonly min: number; readonly max: number } | undefined;
}

export interface LinksHost {
  /** What a link is to ask for that opens now. */
  want(number: number, nick: string | undefined): Wanted;
  /** Awaited before the next frames are read. */
  room(): Promise<void> | undefined;
  /** A frame for the session; throws LinkError to end the link. */
  receive(attempt: Attempt, frame: ServerFrame): void;
  /** This is the link to use from now on. @param heartbeat the server's, in ms */
  promoted(attempt: Attempt, heartbeat: number): void;
  /** The link in use has been lost. */
  lost(attempt: Attempt): void;
  /** It's over. */
  closed(error: LinkError): void;
}

/**
 * The links of a session: at most two, of which one is in use; the one reconnect loop; swaps. What happens when is decided in
 * {@link transition}.
 */
export class Links {
  readonly #options: LinksOptions;
  readonly #host: LinksHost;
  readonly #notices: Notices;
  readonly #reading: Reading<Attempt>;
  readonly #terms: Terms;
  readonly #chooser: Chooser;
  readonly #swaps = new Swaps(() => this.#reading.counts);
  readonly #relinks = new Relinks({ due: () => this.#relinkDue(), open: () => this.#openAnew() });
  readonly #wayBack = new WayBack({
    better: () =>
      this.#state === "live" ? this.#chooser.better(this.#active!.transport) : undefined,
    open: (to) => this.#openAnew(() => this.#swaps.goBack(this.transport, to)),
  });
  readonly #track: (task: Promise<unknown>) => void;
  #started = false;
  #state: State = "connecting";
  #active: Attempt | undefined;
  #candidate: Attempt | undefined;
  /** The nick of the next link. */
  #nick: string | undefined;
  /** The nick that the server has taken. */
  #acceptedNick: string | undefined;
  #links = 0;
  #everLive = false;
  #failure: LinkError | undefined;
  /** Failures since the last good link. */
  #tries = 0;
  #retryTimer: NodeJS.Timeout | undefined;

  /** @param track told of what the end of the session has to wait for */
  constructor(
    options: LinksOptions,
    reading: Reading<Attempt>,
    notices: Notices,
    track: (task: Promise<unknown>) => void,
    host: LinksHost,
  ) {
    this.#options = options;
    this.#reading = reading;
    this.#notices = notices;
    this.#track = track;
    this.#host = host;
    this.#nick = this.#acceptedNick = options.nick;
    this.#terms = new Terms(options.wire, options.pollInterval);
    const names = TRANSPORTS.filter((name) => options.transports.has(name));
    this.#chooser = new Chooser(options.transport ?? "auto", names);
  }

  get state(): State {
    return this.#state;
  }

  /** The link to publish on. */
  get active(): Attempt | undefined {
    return this.#active;
  }

  /** The transport in use, or the next one to be tried. */
  get transport(): TransportName {
    return (this.#active ?? this.#candidate)?.transport ?? this.#chooser.current;
  }

  get nick(): string | undefined {
    return this.#acceptedNick;
  }

  get swaps(): number {
    return this.#swaps.done;
  }

  /** Why the session has ended by itself; undefined: it hasn't. */
  get failure(): LinkError | undefined {
    return this.#state === "closed" ? this.#failure : undefined;
  }

  start(): void {
    if (this.#started || this.#state === "closed") return;
    this.#started = true;
    this.#notices.during(() => this.#open());
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#failure = undefined;
    this.#dispatch("close");
  }

  /** Rejects with LinkError when the new link failed or another swap took its place, RangeError where there is no such transport. */
  async swap(transport: TransportName): Promise<SwapNotice> {
    if (!this.#options.transports.has(transport))
      throw new RangeError(`no such transport: ${transport}`);
    const from = this.transport;
    // Without a link in use it is the choice for whenever there is one again.
    if (!this.#active) this.#chooser.choose(transport);
    return this.#openAnew(() => this.#swaps.begin(from, transport));
  }

  /** What stood in the way may be gone: the next try needn't wait any longer. */
  retry(): void {
    this.#dispatch("retry");
  }

  /** Rejects with LinkError when the new link failed. */
  async rename(nick: string): Promise<void> {
    this.#nick = nick;
    await this.#openAnew();
  }

  /** Other topics are to be read. */
  relink(): void {
    this.#relinks.soon();
  }

  /** Something has been passed over: it has to be fetched by a new link at the cursor. */
  fetchMissing(): void {
    this.#relinks.missing();
  }

  // While it waits, the next link will read what is wanted by then.
  #relinkDue(): "topics" | "missing" | undefined {
    const newest = this.#candidate ?? this.#active;
    if (!newest) return undefined;
    if (!this.#reading.isRead(newest)) return "topics";
    return newest === this.#active && this.#reading.lacks(newest) ? "missing" : undefined;
  }

  // A swap that is on its way is made anew, so that its link asks for the right things.
  async #openAnew(wish = () => this.#swaps.join(this.transport)): Promise<SwapNotice> {
    if (this.#state === "closed") throw new LinkError("closed", "the session has been closed");
    const done = wish();
    if (this.#started) this.#dispatch("swap");
    return done;
  }

  #dispatch(trigger: Trigger): void {
    this.#notices.during(() => {
      const { to, effects } = transition(this.#state, trigger);
      this.#state = to;
      for (const effect of effects) this.#effect(effect);
    });
  }

  #effect(effect: Effect): void {
    switch (effect) {
      case "open":
        return this.#open();
      case "promote":
        return this.#promote();
      case "abandon":
        return this.#abandon();
      case "wait":
        return this.#wait();
      case "shut":
        return this.#shut();
    }
  }

  #open(): void {
    clearTimeout(this.#retryTimer);
    const name = this.#swaps.to ?? this.#chooser.current;
    const wanted = this.#host.want(++this.#links, this.#nick);
    const attempt = new Attempt(this.#options.transports.get(name)!, this.#terms, wanted, {
      receive: (from, frames) => this.#receive(from, frames),
      room: () => this.#host.room(),
      ended: (from, error) => this.#ended(from, error),
    });
    this.#candidate = attempt;
    this.#track(attempt.finished);
    if (!this.#active) this.#notices.tell({ kind: "link", transport: name, state: "connecting" });
  }

  #promote(): void {
    const attempt = this.#candidate!;
    const old = this.#active;
    this.#active = attempt;
    this.#candidate = undefined;
    this.#acceptedNick = attempt.wanted.nick;
    this.#everLive = true;
    this.#chooser.live(attempt.transport);
    if (old && wasGood(old)) {
      this.#tries = 0;
      this.#chooser.good(old.transport);
    }
    old?.drop();
    this.#host.promoted(attempt, this.#terms.heartbeat);
    if (!old) {
      const ms = Math.round(performance.now() - attempt.since);
      this.#notices.tell({ kind: "link", transport: attempt.transport, state: "live", ms });
    }
    const swap = this.#swaps.succeeded();
    if (swap?.asked) this.#chooser.choose(swap.notice.to);
    if (swap) this.#notices.tell(swap.notice);
    this.#wayBack.look();
    // What was subscribed to while it opened, or was missing on it as well.
    if (this.#reading.lacks(attempt)) this.fetchMissing();
    else this.relink();
  }

  #abandon(): void {
    this.#candidate?.drop();
    this.#candidate = undefined;
  }

  #wait(): void {
    const error = this.#failure;
    const ms = Math.round(backoff(this.#tries++, error?.after ?? 0));
    this.#retryTimer = setTimeout(() => this.#dispatch("retry"), ms);
    this.#notices.tell({
      kind: "link",
      transport: this.#chooser.current,
      state: "waiting",
      ms,
      reason: error?.message,
    });
  }

  #shut(): void {
    const { transport } = this;
    clearTimeout(this.#retryTimer);
    this.#relinks.stop();
    this.#wayBack.stop();
    this.#active?.leave();
    this.#active = undefined;
    const error = this.#failure ?? new LinkError("closed", "the session has been closed");
    this.#swaps.failed(error);
    this.#host.closed(error);
    this.#notices.tell({
      kind: "link",
      transport,
      state: "closed",
      reason: this.#failure?.message,
    });
  }

  #ended(attempt: Attempt, error: LinkError): void {
    // What isn't heard any more on one connection may not be heard on the others either.
    if (error.failure === "silent" || error.refusal?.code === "silent") this.#options.wire.renew();
    this.#notices.during(() => {
      if (attempt === this.#active) this.#activeEnded(attempt, error);
      else if (attempt === this.#candidate) this.#candidateEnded(attempt, error);
    });
  }

  #activeEnded(attempt: Attempt, error: LinkError): void {
    const { transport } = attempt;
    this.#failure = error;
    this.#active = undefined;
    this.#host.lost(attempt);
    if (wasGood(attempt)) this.#tries = 0;
    judge(this.#chooser, attempt, error);
    this.#wayBack.stop();
    this.#notices.tell({ kind: "link", transport, state: "lost", reason: error.message });
    this.#dispatch("lost");
  }

  #candidateEnded(attempt: Attempt, error: LinkError): void {
    const { transport } = attempt;
    this.#failure = error;
    this.#candidate = undefined;
    // The nick that was good before still is.
    const renaming = this.#nick !== this.#acceptedNick;
    this.#nick = this.#acceptedNick;
    const wantedFor = this.#swaps.failed(error);
    if (this.#active) {
      // What fails while another one works is no fault of the server's; the one in use says nothing against itself.
      if (transport !== this.#active.transport) this.#chooser.failed(transport, error);
      // Nobody asked for the better one.
      if (wantedFor !== "better")
        this.#notices.tell({ kind: "link", transport, state: "failed", reason: error.message });
      this.#dispatch("failed");
      return this.#wayBack.look();
    }
    const hopeless =
      this.#chooser.failed(transport, error) && !this.#everLive && this.#options.wait !== true;
    const final = !renaming && (!error.retryable || hopeless);
    this.#dispatch(final ? "refused" : "failed");
  }

  #receive(attempt: Attempt, frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      // Whoever heard of the frame before may have ended it.
      if (attempt !== this.#active && attempt !== this.#candidate) return;
      if (frame.kind === "welcome") {
        this.#terms.welcomed(frame);
      } else if (frame.kind === "synced") {
        attempt.synced(this.#terms.silenceMs);
        if (attempt === this.#candidate) this.#dispatch("synced");
      } else {
        this.#host.receive(attempt, frame);
      }
    }
  }
}
