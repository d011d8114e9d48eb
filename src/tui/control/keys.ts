import { TRANSPORTS } from "../../client/transport-names.ts";
import type { Key } from "../input/key.ts";
import { lookup } from "../input/keymap.ts";
import { currentRoom, type Overlay, type State } from "../store/state.ts";
import { helpEnd } from "../view/help.ts";
import { layoutOf } from "../view/layout.ts";
import { type Context, notify } from "./context.ts";
import { perform } from "./perform.ts";
import { sendNow } from "./submit.ts";
import { swapTo } from "./transport.ts";

/** One key of the user's. What is open on the screen comes first, then the key map, then the text being written. */
export function onKey(context: Context, key: Key): void {
  const { store } = context;
  if (store.get().question && answer(context, key)) return;
  // The terminal is gone: nobody is left to ask.
  if (key.kind === "closed") return context.quit();
  const action = lookup(key);
  // A line above the composer holds until the next key; the second Ctrl+C has to see what the first one said.
  if (store.get().notice && action !== "interrupt")
    store.dispatch({ kind: "notice", notice: undefined });
  const { overlay } = store.get();
  if (overlay && inOverlay(context, overlay, key)) return;
  if (action) return perform(context, action);
  if (key.kind === "text" || key.kind === "paste") {
    store.dispatch({ kind: "edit", edit: { kind: "insert", text: key.text } });
    if (currentRoom(store.get()).composer.full)
      notify(context, "that would be too long: a message has at most 16 KiB", "error");
  }
}

/** @returns whether the key was the answer; any other one takes the question back and means what it always does */
function answer(context: Context, key: Key): boolean {
  context.store.dispatch({ kind: "ask", text: undefined });
  if (key.kind === "key") return key.name === "escape";
  if (key.kind !== "text") return false;
  const text = key.text.toLowerCase();
  if (text === "y") sendNow(context);
  return text === "y" || text === "n";
}

/** @returns whether the key was for what is open over the screen */
function inOverlay(context: Context, overlay: Overlay, key: Key): boolean {
  if (key.kind !== "key" || key.ctrl || key.alt || key.shift) return false;
  const { store } = context;
  const moved = moveOverlay(overlay, key.name, store.get());
  if (moved) store.dispatch({ kind: "overlay", overlay: moved });
  if (moved || overlay.kind !== "picker" || key.name !== "enter") return moved !== undefined;
  const chosen = TRANSPORTS[overlay.index];
  store.dispatch({ kind: "overlay", overlay: undefined });
  const { link } = store.get();
  if (chosen && chosen !== (link.swapping ?? link.transport)) swapTo(context, chosen);
  return true;
}

function moveOverlay(overlay: Overlay, name: string, state: State): Overlay | undefined {
  const { columns, body } = layoutOf(state);
  const by = { up: -1, down: 1, pageup: 1 - body, pagedown: body - 1 }[name];
  if (by === undefined) return undefined;
  if (overlay.kind === "help") {
    const top = Math.max(0, Math.min(overlay.top + by, helpEnd(columns, body)));
    return { ...overlay, top };
  }
  if (Math.abs(by) !== 1) return overlay;
  return { ...overlay, index: (overlay.index + by + TRANSPORTS.length) % TRANSPORTS.length };
}
