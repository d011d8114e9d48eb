import { cleanText } from "../../client/clean.ts";
import { reasonOf } from "../store/notices.ts";
import { lastFailed } from "../store/own.ts";
import { currentRoom } from "../store/state.ts";
import { type Context, notify } from "./context.ts";

let publishes = 0;

/** Send a message to the room on the screen. It is shown at once, and marked when its fate is known. */
export function say(context: Context, raw: string, me = false): void {
  const { store } = context;
  send(context, store.get().current, raw, me);
}

/** Send the newest message that was refused again. */
export function resend(context: Context): void {
  const { store } = context;
  const room = currentRoom(store.get());
  const failed = lastFailed(room);
  if (!failed) return notify(context, "nothing was refused here");
  store.dispatch({ kind: "discard", topic: room.topic, id: failed.id });
  send(context, room.topic, failed.raw ?? failed.text, failed.me);
}

function send({ store, session }: Context, topic: string, raw: string, me: boolean): void {
  const publish = ++publishes;
  const refused = (error: unknown) =>
    store.dispatch({ kind: "refused", topic, publish, reason: reasonOf(error) });
  store.dispatch({
    kind: "say",
    topic,
    outgoing: { raw, text: cleanText(raw), me },
    publish,
    now: Date.now(),
  });
  try {
    if (session.status.state === "closed") throw new Error("the session is closed");
    session
      .publish(topic, me ? { text: raw, me } : { text: raw })
      .then(
        ({ epoch, offset }) => store.dispatch({ kind: "kept", topic, publish, epoch, offset }),
        refused,
      );
  } catch (error) {
    refused(error);
  }
}
