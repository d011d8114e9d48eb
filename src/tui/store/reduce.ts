import { nickKey } from "../../protocol/names.ts";
import { reduceComposer, submit } from "../composer/state.ts";
import type { Action } from "./actions.ts";
import { trim } from "./entries.ts";
import { linkChanged } from "./link.ts";
import { presence, quiet, renew, settle } from "./members.ts";
import { discard, kept, refuse, say } from "./own.ts";
import { hear, passOver, prepend, reached } from "./room.ts";
import { divide, go, inRoom, part, print, withId } from "./rooms.ts";
import { minuteOf, newRoom, type Room, type State } from "./state.ts";
import { updateTicker } from "./ticker.ts";

/** The one way in which the state changes. */
export function reduce(state: State, action: Action): State {
  switch (action.kind) {
    case "heard": {
      const { nick, current } = state;
      return withId(state, (numbered, id) =>
        inRoom(numbered, action.topic, (room) =>
          hear(room, action.heard, { nick, id, current: room.topic === current }),
        ),
      );
    }
    case "topic-line":
      return topicLine(state, action);
    case "presence":
      return presenceOf(state, action);
    case "presence-anew":
      return inRoom(state, roomOf(action.topic), (room) => ({
        ...room,
        members: renew(room.members),
      }));
    case "presence-settled":
      return inRoom(state, roomOf(action.topic), (room) => ({
        ...room,
        members: settle(room.members),
      }));
    case "gap":
      return divide(
        inRoom(state, action.topic, (room) => passOver(room, action.to)),
        action.topic,
        action.text,
        "bad",
        action.now,
      );
    case "source":
      return { ...state, ticker: { ...state.ticker, source: action.source } };
    case "connecting":
    case "live":
    case "lost":
    case "waiting":
    case "countdown":
    case "quiet":
    case "closed":
    case "swapped":
    case "swap-wanted":
      return linkChanged(state, action);
    case "ticks":
      return { ...state, ticker: updateTicker(state.ticker, action.update) };
    case "meters":
      return { ...state, meters: action.meters };
    case "clock":
      return { ...state, minute: minuteOf(action.now) };
    case "resize":
      return { ...state, columns: action.columns, rows: action.rows, redraws: state.redraws + 1 };
    case "redraw":
      return { ...state, redraws: state.redraws + 1 };
    case "edit":
      return here(state, (room) => ({
        ...room,
        composer: reduceComposer(room.composer, action.edit),
        completion: undefined,
      }));
    case "submit":
      return inRoom(state, action.topic, (room) => ({
        ...room,
        composer: submit(room.composer).state,
        completion: undefined,
      }));
    case "completed": {
      const { text, cursor } = action.cycle;
      return here(state, (room) => ({
        ...room,
        composer: reduceComposer(room.composer, { kind: "set", text, cursor }),
        completion: action.cycle,
      }));
    }
    case "say": {
      const { topic, outgoing, publish, now } = action;
      return withId(state, (numbered, id) =>
        inRoom(numbered, topic, (room) => say(room, outgoing, publish, state.nick, id, now)),
      );
    }
    case "kept":
      return withId(state, (numbered, id) =>
        inRoom(numbered, action.topic, (room) => kept(room, action, id)),
      );
    case "refused":
      return withId(state, (numbered, id) =>
        inRoom(numbered, action.topic, (room) => refuse(room, action.publish, action.reason, id)),
      );
    case "discard":
      return inRoom(state, action.topic, (room) => discard(room, action.id));
    case "scroll":
      return inRoom(state, action.topic, (room) => {
        const scrolled = { ...room, anchor: action.anchor, below: action.anchor ? room.below : 0 };
        return action.anchor ? scrolled : trim(scrolled);
      });
    case "past-loading":
      return inRoom(state, action.topic, (room) => ({ ...room, past: "loading" }));
    case "past-failed":
      return inRoom(state, action.topic, (room) => ({ ...room, past: "more" }));
    case "past": {
      const lastId = state.lastId + action.page.messages.length;
      return inRoom({ ...state, lastId }, action.topic, (room) =>
        prepend(room, action.page, state.nick, state.lastId + 1),
      );
    }
    case "join": {
      const room = newRoom(action.topic);
      const joined = { ...room, members: quiet(room.members, action.now) };
      return go({ ...state, rooms: [...state.rooms, joined] }, action.topic);
    }
    case "part":
      return part(state, action.topic);
    case "go":
      return go(state, action.topic);
    case "nick":
      return { ...state, nick: action.nick };
    case "print":
      return action.lines.reduce(
        (printed, text) => print(printed, state.current, text, action.tone, action.now),
        state,
      );
    case "divide":
      return divide(state, state.current, action.text, action.tone, action.now);
    case "notice":
      return { ...state, notice: action.notice };
    case "ask":
      return { ...state, question: action.text === undefined ? undefined : { text: action.text } };
    case "overlay":
      return { ...state, overlay: action.overlay };
    case "sidebar":
      return { ...state, sidebar: !state.sidebar };
  }
}

function topicLine(state: State, { topic, line, event }: Action & { kind: "topic-line" }): State {
  if (!event) return inRoom(state, topic, (room) => (room.line === "" ? { ...room, line } : room));
  const text =
    line === "" ? `${event.from} cleared the topic` : `${event.from} set the topic: ${line}`;
  const named = inRoom(state, topic, (room) => ({ ...reached(room, event), line }));
  return print(named, topic, text, "info", event.at);
}

function presenceOf(
  state: State,
  { topic, nick, here: isHere, now }: Action & { kind: "presence" },
): State {
  const name = roomOf(topic);
  const room = state.rooms.find((candidate) => candidate.topic === name);
  if (!room) return state;
  const { members, told } = presence(room.members, nick, isHere, now);
  const next =
    members === room.members ? state : inRoom(state, name, (old) => ({ ...old, members }));
  if (told === undefined || nickKey(nick) === nickKey(state.nick)) return next;
  return print(next, name, `${told === "joined" ? "→" : "←"} ${nick} ${told}`, "presence", now);
}

function here(state: State, change: (room: Room) => Room): State {
  return inRoom(state, state.current, change);
}

/** The room of a `who:` topic. */
function roomOf(topic: string): string {
  return `room:${topic.slice("who:".length)}`;
}
