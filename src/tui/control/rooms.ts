import { LIMITS } from "../../protocol/limits.ts";
import { parseTopic, whoOf } from "../../protocol/names.ts";
import { cleanTopicLine, reasonOf } from "../store/notices.ts";
import { currentRoom } from "../store/state.ts";
import { roomName } from "../view/format.ts";
import { type Context, print } from "./context.ts";

/** How many of a room's last messages are shown on joining it. */
const SINCE = 50;
/** Each room takes two topics of a link, its own and its presence; the feed takes one. */
const MAX_ROOMS = Math.floor((LIMITS.topicsPerLink - 1) / 2);

/** Join a room, or go to it if it was joined before. @returns what is wrong with it, in one line */
export function join({ store, session, api }: Context, name: string): string | undefined {
  let topic: string;
  try {
    topic = parseTopic(`room:${name.replace(/^#/, "").replace(/^room:/, "")}`);
  } catch (error) {
    return reasonOf(error);
  }
  const { rooms } = store.get();
  if (rooms.some((room) => room.topic === topic)) {
    store.dispatch({ kind: "go", topic });
    return undefined;
  }
  if (rooms.length >= MAX_ROOMS) return `${MAX_ROOMS} rooms at once are the most: /part one first`;
  store.dispatch({ kind: "join", topic, now: Date.now() });
  session.subscribe(topic, SINCE);
  session.subscribe(whoOf(topic));
  void learnLines({ store, api });
  return undefined;
}

/** Leave a room; the one on the screen if none is named. @returns why not, in one line */
export function part({ store, session }: Context, name: string): string | undefined {
  const { rooms, current } = store.get();
  const topic = name === "" ? current : `room:${name.replace(/^#/, "")}`;
  if (!rooms.some((room) => room.topic === topic)) return `not in ${roomName(topic)}`;
  if (rooms.length === 1) return "this is the only room: /join another one first, or /quit";
  session.unsubscribe(topic);
  session.unsubscribe(whoOf(topic));
  store.dispatch({ kind: "part", topic });
  return undefined;
}

/** Go to the room that stands so many places further in the list, round and round. */
export function step({ store }: Context, by: 1 | -1): void {
  const { rooms, current } = store.get();
  const index = rooms.findIndex((room) => room.topic === current);
  const room = rooms[(index + by + rooms.length) % rooms.length];
  if (room) store.dispatch({ kind: "go", topic: room.topic });
}

/** Go to a room by its number, from 1. */
export function goTo({ store }: Context, number: number): void {
  const room = store.get().rooms[number - 1];
  if (room) store.dispatch({ kind: "go", topic: room.topic });
}

/** Go to the next room with something unread, those with mentions first. */
export function nextUnread({ store }: Context): void {
  const { rooms, current } = store.get();
  const index = rooms.findIndex((room) => room.topic === current);
  const others = [...rooms.slice(index + 1), ...rooms.slice(0, index)];
  const room =
    others.find(({ mentions }) => mentions > 0) ?? others.find(({ unread }) => unread > 0);
  if (room) store.dispatch({ kind: "go", topic: room.topic });
}

/** Print who is in the room. */
export function who(context: Context): void {
  const { topic, members } = currentRoom(context.store.get());
  print(context, [`in ${roomName(topic)}: ${members.here.join(", ") || "nobody that is known"}`]);
}

/** Print all rooms of the server. */
export async function list(context: Context): Promise<void> {
  try {
    const rooms = await context.api.rooms();
    const lines = rooms.slice(0, 30).map(({ topic, present, line, head }) => {
      const about = line === "" ? "" : ` — ${cleanTopicLine(line)}`;
      return `${cleanTopicLine(roomName(topic))}  ${present.length} online, ${head} ${head === 1 ? "message" : "messages"}${about}`;
    });
    if (rooms.length > lines.length) lines.push(`and ${rooms.length - lines.length} more`);
    print(context, lines.length === 0 ? ["there are no rooms yet"] : lines);
  } catch (error) {
    print(context, [`the rooms can't be listed: ${reasonOf(error)}`], "error");
  }
}

/** Ask for the topic lines that were set before the messages that are here. */
export async function learnLines({ store, api }: Pick<Context, "store" | "api">): Promise<void> {
  try {
    const rooms = await api.rooms();
    store.absorb(
      rooms.flatMap(({ topic, line }) =>
        line === "" ? [] : [{ kind: "topic-line" as const, topic, line: cleanTopicLine(line) }],
      ),
    );
  } catch {
    // Without it the header has no topic line until one is set: nothing that a person must be told.
  }
}
