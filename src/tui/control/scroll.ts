import { heardOf, reasonOf } from "../store/notices.ts";
import { MAX_SCROLLED } from "../store/entries.ts";
import { currentRoom, type State } from "../store/state.ts";
import { layoutOf } from "../view/layout.ts";
import type { Pane } from "../view/entry.ts";
import { scrollLog } from "../view/log.ts";
import { type Context, notify, print } from "./context.ts";

/** Messages of the past that are asked for at once. */
const PAGE = 200;

/** Move the log by pages; -1 is up. What isn't here yet is fetched. */
export function page(context: Context, by: 1 | -1): void {
  const { height } = paneOf(context.store.get());
  // A row stays, to read on from.
  scroll(context, by * Math.max(1, height - 1));
}

/** To the first row that is here. */
export function toTop(context: Context): void {
  scroll(context, Number.NEGATIVE_INFINITY);
}

export function toBottom({ store }: Context): void {
  const { current } = store.get();
  store.dispatch({ kind: "scroll", topic: current, anchor: undefined });
}

/** The log's pane, as it is drawn. */
function paneOf(state: State): Pane {
  const { log, body, nicks } = layoutOf(state);
  return { width: log, height: body, nicks, minute: state.minute };
}

function scroll(context: Context, by: number): void {
  const { store } = context;
  const room = currentRoom(store.get());
  const { anchor, missing } = scrollLog(room, paneOf(store.get()), by);
  store.dispatch({ kind: "scroll", topic: room.topic, anchor });
  if (missing === Infinity) void oldest(context);
  else if (missing > 0) void older(context, missing);
}

/** Fetch page after page to the beginning, or as far back as is kept. */
async function oldest(context: Context): Promise<void> {
  const { store } = context;
  const { topic } = currentRoom(store.get());
  for (;;) {
    const { past, entries } = currentRoom(store.get());
    if (store.get().current !== topic || past !== "more") return;
    await older(context, 0);
    const room = currentRoom(store.get());
    if (store.get().current !== topic || room.entries.length === entries.length) return;
    const { anchor } = scrollLog(room, paneOf(store.get()), Number.NEGATIVE_INFINITY);
    store.dispatch({ kind: "scroll", topic, anchor });
  }
}

/** Fetch the page before the first message that is here, and move on by what was missing. */
async function older(context: Context, missing: number): Promise<void> {
  const { store, api } = context;
  const { topic, past, first, entries } = currentRoom(store.get());
  if (past !== "more") return;
  if (entries.length >= MAX_SCROLLED)
    return notify(context, "that is as far back as is kept on the screen");
  store.dispatch({ kind: "past-loading", topic });
  try {
    const { events, more } = await api.history(topic, first, PAGE);
    const [oldest] = events;
    const messages = events.flatMap((event) => heardOf(event) ?? []);
    store.dispatch({
      kind: "past",
      topic,
      page: { epoch: oldest?.epoch ?? "", first: oldest?.offset, messages, more },
    });
  } catch (error) {
    store.dispatch({ kind: "past-failed", topic });
    return print(context, [`no older messages: ${reasonOf(error)}`], "error");
  }
  const state = store.get();
  if (missing === 0 || state.current !== topic) return;
  const { anchor } = scrollLog(currentRoom(state), paneOf(state), -missing);
  store.dispatch({ kind: "scroll", topic, anchor });
}
