import { TRANSPORTS } from "../../client/transport-names.ts";
import { cycleCompletion } from "../composer/complete.ts";
import type { Action } from "../input/keymap.ts";
import { currentRoom } from "../store/state.ts";
import type { Context } from "./context.ts";
import { sources } from "./complete.ts";
import { interrupt, leave } from "./interrupt.ts";
import { goTo, nextUnread, step } from "./rooms.ts";
import { resend } from "./say.ts";
import { page, toBottom, toTop } from "./scroll.ts";
import { submit } from "./submit.ts";
import { swapToNext } from "./transport.ts";

/** Do what a key or a command means. */
export function perform(context: Context, action: Action): void {
  const { store } = context;
  const state = store.get();
  switch (action) {
    case "swap":
      return swapToNext(context);
    case "picker":
      return store.dispatch({
        kind: "overlay",
        overlay:
          state.overlay?.kind === "picker"
            ? undefined
            : { kind: "picker", index: TRANSPORTS.indexOf(state.link.transport) },
      });
    case "help":
      return store.dispatch({
        kind: "overlay",
        overlay: state.overlay?.kind === "help" ? undefined : { kind: "help", top: 0 },
      });
    case "close":
      return store.dispatch({ kind: "overlay", overlay: undefined });
    case "room-next":
      return step(context, 1);
    case "room-previous":
      return step(context, -1);
    case "room-unread":
      return nextUnread(context);
    case "rooms-toggle":
      return store.dispatch({ kind: "sidebar" });
    case "page-up":
      return page(context, -1);
    case "page-down":
      return page(context, 1);
    case "top":
      return toTop(context);
    case "bottom":
      return toBottom(context);
    case "redraw":
      return store.dispatch({ kind: "redraw" });
    case "send":
      return submit(context, (meant) => perform(context, meant));
    case "resend":
      return resend(context);
    case "complete":
      return complete(context);
    case "interrupt":
      return interrupt(context);
    case "delete-or-quit":
      return currentRoom(state).composer.text === ""
        ? leave(context)
        : store.dispatch({ kind: "edit", edit: { kind: "delete" } });
    case "quit":
      return leave(context);
    case "room-1":
    case "room-2":
    case "room-3":
    case "room-4":
    case "room-5":
    case "room-6":
    case "room-7":
    case "room-8":
    case "room-9":
      return goTo(context, Number(action.slice("room-".length)));
    default:
      return store.dispatch({ kind: "edit", edit: { kind: action } });
  }
}

function complete({ store }: Context): void {
  const state = store.get();
  const { composer, completion } = currentRoom(state);
  const cycle = cycleCompletion(completion, composer.text, composer.cursor, sources(state));
  if (cycle) store.dispatch({ kind: "completed", cycle });
}
