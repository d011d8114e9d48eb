/**
 * The life of a session. It has at most two links: the active one, which delivers and is published on, and a candidate, which is to
 * take over.
 *
 * `connecting`: a candidate alone · `live`: an active link alone · `swapping`: both · `waiting`: none, until the next try ·
 * `closed`: none, for good
 */
export type State = "connecting" | "live" | "swapping" | "waiting" | "closed";

/**
 * `synced`: the candidate is good · `failed`: the candidate failed · `refused`: … and trying again can't help ·
 * `lost`: the active link failed · `swap`: another link is wanted (transport, topics or nick) · `retry`: the wait is over ·
 * `close`: the user is done
 */
export type Trigger = "synced" | "failed" | "refused" | "lost" | "swap" | "retry" | "close";

/**
 * `open`: open a candidate · `promote`: the candidate becomes active, the old link is retired · `abandon`: drop the candidate ·
 * `wait`: back off · `shut`: release everything
 */
export type Effect = "open" | "promote" | "abandon" | "wait" | "shut";

interface Transition {
  readonly to: State;
  readonly effects: readonly Effect[];
}

const stay = (to: State): Transition => ({ to, effects: [] });

const TABLE: Record<State, Record<Trigger, Transition>> = {
  connecting: {
    synced: { to: "live", effects: ["promote"] },
    failed: { to: "waiting", effects: ["wait"] },
    refused: { to: "closed", effects: ["shut"] },
    lost: stay("connecting"),
    swap: { to: "connecting", effects: ["abandon", "open"] },
    retry: stay("connecting"),
    close: { to: "closed", effects: ["abandon", "shut"] },
  },
  live: {
    synced: stay("live"),
    failed: stay("live"),
    refused: stay("live"),
    lost: { to: "waiting", effects: ["wait"] },
    swap: { to: "swapping", effects: ["open"] },
    retry: stay("live"),
    close: { to: "closed", effects: ["shut"] },
  },
  swapping: {
    synced: { to: "live", effects: ["promote"] },
    // The old link goes on as if nothing had been asked.
    failed: stay("live"),
    refused: stay("live"),
    // The candidate is already on its way: no need to wait.
    lost: stay("connecting"),
    swap: { to: "swapping", effects: ["abandon", "open"] },
    retry: stay("swapping"),
    close: { to: "closed", effects: ["abandon", "shut"] },
  },
  waiting: {
    synced: stay("waiting"),
    failed: stay("waiting"),
    refused: stay("waiting"),
    lost: stay("waiting"),
    swap: { to: "connecting", effects: ["open"] },
    retry: { to: "connecting", effects: ["open"] },
    close: { to: "closed", effects: ["shut"] },
  },
  closed: {
    synced: stay("closed"),
    failed: stay("closed"),
    refused: stay("closed"),
    lost: stay("closed"),
    swap: stay("closed"),
    retry: stay("closed"),
    close: stay("closed"),
  },
};

/** What happens to a session in a state when something comes to pass. */
export function transition(state: State, trigger: Trigger): Transition {
  return TABLE[state][trigger];
}
