import { DEFAULT_HEARTBEAT_MS } from "../../protocol/limits.ts";

/** Who is in a room, as its `who:` topic tells. */
export interface Members {
  /** Nicks, in the order in which they came. */
  readonly here: readonly string[];
  /** After a gap: who has been named since. The old list is shown until that one is complete. */
  readonly renewed: readonly string[] | undefined;
  /** Until then comings and goings are nothing to tell, ms since 1970. */
  readonly quietUntil: number;
}

/** Before anything is known: who is named first was there before. */
export const NOBODY: Members = {
  here: [],
  renewed: undefined,
  quietUntil: Number.POSITIVE_INFINITY,
};

/** So long after a link has come, what the topic tells is how things are and not what happens; in ms. */
export const QUIET_MS = 3_000;

/**
 * How long after a gap the old list is shown, in ms: as long as a lease. When the server was away, everybody comes back in a time of
 * their own, and whoever isn't back by then has gone.
 */
export const RENEW_MS = 2 * DEFAULT_HEARTBEAT_MS;

/** What is told of somebody's coming or going; undefined: nothing. */
export type Told = "joined" | "left" | undefined;

export function presence(
  members: Members,
  nick: string,
  here: boolean,
  now: number,
): { readonly members: Members; readonly told: Told } {
  const known = members.here.includes(nick);
  const renewed = members.renewed && placed(members.renewed, nick, here);
  if (known === here)
    return {
      members: renewed === members.renewed ? members : { ...members, renewed },
      told: undefined,
    };
  const told = isQuiet(members, now) ? undefined : here ? "joined" : "left";
  return { members: { ...members, here: placed(members.here, nick, here), renewed }, told };
}

// A clock that was set back makes no quiet longer.
function isQuiet({ quietUntil }: Members, now: number): boolean {
  const left = quietUntil - now;
  return left > 0 && (left <= QUIET_MS || left === Number.POSITIVE_INFINITY);
}

export function quiet(members: Members, now: number): Members {
  return { ...members, quietUntil: now + QUIET_MS };
}

/** The topic begins anew: who isn't named again has gone. */
export function renew(members: Members): Members {
  return { ...members, renewed: [] };
}

export function settle(members: Members): Members {
  return members.renewed ? { ...members, here: members.renewed, renewed: undefined } : members;
}

function placed(nicks: readonly string[], nick: string, here: boolean): readonly string[] {
  if (nicks.includes(nick) === here) return nicks;
  return here ? [...nicks, nick] : nicks.filter((other) => other !== nick);
}
