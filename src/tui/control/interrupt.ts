import { currentRoom } from "../store/state.ts";
import type { Context } from "./context.ts";

/** Within so many ms the second Ctrl+C quits. */
const AGAIN_MS = 2_000;

const HINT = { text: "Ctrl+C again to quit", tone: "info" } as const;

/** Clear what is written. On nothing: ask for a second time, then quit. */
export function interrupt({ store, quit }: Context): void {
  const state = store.get();
  if (currentRoom(state).composer.text !== "")
    return store.dispatch({ kind: "edit", edit: { kind: "clear" } });
  if (state.notice === HINT) return quit();
  store.dispatch({ kind: "notice", notice: HINT });
  setTimeout(() => {
    if (store.get().notice === HINT) store.dispatch({ kind: "notice", notice: undefined });
  }, AGAIN_MS).unref();
}
