import { ProtocolError } from "../protocol/errors.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import { DEFAULT_HEARTBEAT_MS, VERSION } from "../protocol/limits.ts";
import { LinkError, type LinkRequest, type Wire } from "../transports/transport.ts";

type Interval = LinkRequest["pollInterval"];
type Welcome = Extract<ServerFrame, { kind: "welcome" }>;

const POLL_INTERVAL: Interval = { min: 500, max: 4_000 };

/** What all links of a session open on: its wire, and intervals that go by the server's heartbeat as it is known by then. */
export class Terms implements Omit<LinkRequest, "hello"> {
  readonly wire: Wire;
  readonly #wanted: Interval;
  #heartbeat = DEFAULT_HEARTBEAT_MS;

  constructor(wire: Wire, pollInterval: Interval = POLL_INTERVAL) {
    this.wire = wire;
    this.#wanted = pollInterval;
  }

  /** The server's, in ms. */
  get heartbeat(): number {
    return this.#heartbeat;
  }

  /** A server that is silent for so long, in ms, isn't there any more. */
  get silenceMs(): number {
    return 2 * this.#heartbeat;
  }

  // Polls are signs of life as well.
  get pollInterval(): Interval {
    const { min, max } = this.#wanted;
    return { min: Math.min(min, this.#heartbeat), max: Math.min(max, this.#heartbeat) };
  }

  /** The server has introduced itself. @throws LinkError when it speaks another version */
  welcomed({ version, heartbeat }: Welcome): void {
    if (version !== VERSION) throw wrongVersion(version);
    this.#heartbeat = heartbeat;
  }
}

function wrongVersion(version: number): LinkError {
  const refusal = new ProtocolError(
    "unsupported-version",
    `the server speaks version ${version} of the protocol, this client version ${VERSION}: use the same backchat on both sides`,
  );
  return new LinkError("refused", refusal.message, { refusal });
}
