import { duration, transportLabel } from "../view/format.ts";
import type { Action } from "./actions.ts";
import { quiet } from "./members.ts";
import { divide } from "./rooms.ts";
import type { Link, State } from "./state.ts";

type LinkAction = Extract<
  Action,
  {
    kind:
      | "connecting"
      | "live"
      | "lost"
      | "waiting"
      | "countdown"
      | "quiet"
      | "closed"
      | "swapped"
      | "swap-wanted";
  }
>;

/** How the path to the server fares: the status bar's state, and a rule in the log for what has to be remembered. */
export function linkChanged(state: State, action: LinkAction): State {
  const { link } = state;
  const as = (change: Partial<Link>): State => ({ ...state, link: { ...link, ...change } });
  switch (action.kind) {
    case "connecting":
      return as({ state: "connecting", transport: action.transport });
    case "live": {
      const { transport, now } = action;
      const back = link.lostAt === undefined ? undefined : { at: now, ms: now - link.lostAt };
      const live = as({
        state: "live",
        transport,
        reason: undefined,
        swapping: undefined,
        lostAt: undefined,
        lastOutage: back ?? link.lastOutage,
      });
      const told = back
        ? divide(
            live,
            state.current,
            `back on ${transportLabel(transport)} after ${duration(back.ms)}`,
            "good",
            now,
          )
        : live;
      return hushed(told, now);
    }
    case "lost": {
      const { reason, now } = action;
      const lost = as({ reason, lostAt: link.lostAt ?? now });
      return divide(lost, state.current, `connection lost: ${reason}`, "bad", now);
    }
    case "waiting":
      return as({
        state: "waiting",
        transport: action.transport,
        reason: action.reason ?? link.reason,
        seconds: action.seconds,
        swapping: undefined,
      });
    case "countdown":
      return as({ seconds: action.seconds });
    case "quiet":
      return action.seconds === link.quiet ? state : as({ quiet: action.seconds });
    case "closed":
      return divide(
        as({ state: "closed", reason: action.reason, swapping: undefined }),
        state.current,
        `closed: ${action.reason}`,
        "bad",
        state.minute,
      );
    case "swapped": {
      const swapped = as({ transport: action.transport, swapping: undefined });
      return hushed(divide(swapped, state.current, action.text, "swap", action.now), action.now);
    }
    case "swap-wanted":
      return as({ swapping: action.transport });
  }
}

/** A new link tells who is there: that is no news. */
function hushed(state: State, now: number): State {
  return {
    ...state,
    rooms: state.rooms.map((room) => ({ ...room, members: quiet(room.members, now) })),
  };
}
