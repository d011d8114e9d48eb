import { submit as taken } from "../composer/state.ts";
import type { Action } from "../input/keymap.ts";
import { isCommand, runCommand, unslashed } from "../slash/run.ts";
import { currentRoom } from "../store/state.ts";
import { roomName } from "../view/format.ts";
import { type Context, notify } from "./context.ts";
import { say } from "./say.ts";

/** A text of more lines is sent only after a yes. */
const LINES = 5;

/** Send what is written, or run it if it is a command; `perform` does what a key does that has a command too. */
export function submit(context: Context, perform: (action: Action) => void): void {
  const { store } = context;
  const room = currentRoom(store.get());
  const { text } = taken(room.composer);
  if (text === undefined) return;
  const lines = text.trimEnd().split("\n").length;
  if (lines > LINES && !isCommand(text)) {
    return store.dispatch({
      kind: "ask",
      text: `Send ${lines} lines to ${roomName(room.topic)}? y sends, n goes back to the text`,
    });
  }
  if (!isCommand(text)) return sendNow(context);
  // A command may go to another room: what was written is in the one before. The history brings a wrong one back.
  const wrong = runCommand(context, text, perform);
  store.dispatch({ kind: "submit", topic: room.topic });
  if (wrong !== undefined) notify(context, wrong, "error");
}

/** Send what is written, however long it is. */
export function sendNow(context: Context): void {
  const { store } = context;
  const room = currentRoom(store.get());
  const { text } = taken(room.composer);
  if (text === undefined) return;
  store.dispatch({ kind: "submit", topic: room.topic });
  say(context, unslashed(text.trimEnd()));
}
