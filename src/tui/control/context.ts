import type { ServerApi } from "../../client/api.ts";
import type { Session } from "../../client/session.ts";
import type { Line } from "../store/state.ts";
import type { Store } from "../store/store.ts";

/** What the user's wishes are carried out with. */
export interface Context {
  readonly store: Store;
  readonly session: Pick<Session, "publish" | "subscribe" | "unsubscribe" | "swap" | "status">;
  readonly api: Pick<ServerApi, "rooms" | "history">;
  /** Claims the nick and renames the session. */
  readonly rename: (nick: string) => Promise<void>;
  readonly quit: () => void;
}

/** Lines in the log of the room on the screen. */
export function print(
  { store }: Context,
  lines: readonly string[],
  tone: Line["tone"] = "info",
): void {
  store.dispatch({ kind: "print", lines, tone, now: Date.now() });
}

/** A line above the composer, until the next key. */
export function notify({ store }: Context, text: string, tone: "info" | "error" = "info"): void {
  store.dispatch({ kind: "notice", notice: { text, tone } });
}
