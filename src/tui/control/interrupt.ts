import { currentRoom } from "../store/state.ts";
import { type Context, notify } from "./context.ts";

/** Within so many ms the second Ctrl+C quits. */
const AGAIN_MS = 2_000;

const HINT = { text: "Ctrl+C again to quit", tone: "info" } as const;

/** Clear what is written. On nothing: ask for a second time, then quit. */
export function interrupt(context: Context): void {
  const { store } = context;
  const state = store.get();
  if (currentRoom(state).composer.text !== "")
    return store.dispatch({ kind: "edit", edit: { kind: "clear" } });
  if (state.notice === HINT || askedLately(context)) return leave(context);
  store.dispatch({ kind: "notice", notice: HINT });
  setTimeout(() => {
    if (store.get().notice === HINT) store.dispatch({ kind: "notice", notice: undefined });
  }, AGAIN_MS).unref();
}

/** Whoever quits again within so many ms means it. */
const UNSENT_MS = 10_000;

/** When it was last said that something isn't sent. */
const warned = new WeakMap<Context, number>();

/** Quit; while something hasn't been sent, only when asked for a second time. */
export function leave(context: Context): void {
  const { unacked } = context.session.status;
  if (unacked === 0 || askedLately(context)) return context.quit();
  warned.set(context, performance.now());
  const what = unacked === 1 ? "a message is" : `${unacked} messages are`;
  notify(context, `${what} not sent yet: quit again to leave without`, "error");
}

function askedLately(context: Context): boolean {
  return performance.now() - (warned.get(context) ?? -Infinity) < UNSENT_MS;
}
