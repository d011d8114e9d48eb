import type { LinkError } from "../transports/transport.ts";
import type { Attempt } from "./attempt.ts";
import type { Chooser } from "./chooser.ts";

/** A link that was of use for so long was good: the backoff begins anew after it; in ms. */
const GOOD_MS = 5_000;
/** One that fell silent was good for its transport only if it was of use for so long: a path may swallow what comes later; in ms. */
const STEADY_MS = 120_000;

export function wasGood({ goodFor }: Attempt): boolean {
  return goodFor >= GOOD_MS;
}

/**
 * What the end of a link that was in use says about its transport. What was of use for a moment may have died of anything; what brought
 * nothing but the replay was let through for show.
 */
export function judge(chooser: Chooser, link: Attempt, error: LinkError): void {
  const { transport, goodFor } = link;
  const silent = error.failure === "silent";
  if (goodFor >= (silent ? STEADY_MS : GOOD_MS)) chooser.good(transport);
  else if (silent && !wasGood(link)) chooser.failed(transport, error);
  else chooser.died(transport, error);
}
