import { TRANSPORTS } from "../../client/transport-names.ts";
import { type Context, notify, print } from "../control/context.ts";
import { join, list, part, who } from "../control/rooms.ts";
import { say } from "../control/say.ts";
import { swapTo, transportNamed } from "../control/transport.ts";
import { cleanTopicLine, reasonOf } from "../store/notices.ts";

/** A slash command that no key has. */
export interface Command {
  /** Without the slash. */
  readonly name: string;
  /** How its arguments are named in the help; empty: it has none. */
  readonly args: string;
  readonly help: string;
  /** What may follow it, for completion. */
  readonly choices?: readonly string[];
  /** @returns what is wrong, in one line: then the text stays in the composer */
  readonly run: (context: Context, args: string) => string | undefined;
}

export const COMMANDS: readonly Command[] = [
  {
    name: "join",
    args: "ROOM",
    help: "join a room, or go to it",
    run: (context, args) => need("/join ROOM", args) ?? join(context, args),
  },
  { name: "part", args: "[ROOM]", help: "leave this room or another one", run: part },
  {
    name: "nick",
    args: "NAME",
    help: "take another nick",
    run: (context, args) => need("/nick NAME", args) ?? rename(context, args),
  },
  {
    name: "me",
    args: "TEXT",
    help: "say what you do",
    run: (context, args) => need("/me TEXT", args) ?? act(context, args),
  },
  { name: "topic", args: "TEXT", help: "set the room's topic line", run: setLine },
  { name: "who", args: "", help: "who is here", run: done(who) },
  {
    name: "rooms",
    args: "",
    help: "all rooms of the server",
    run: done((context) => void list(context)),
  },
  {
    name: "transport",
    args: "[NAME]",
    help: `compare the transports, or swap to one: ${TRANSPORTS.join(", ")}`,
    choices: TRANSPORTS,
    run: transport,
  },
];

function need(usage: string, args: string): string | undefined {
  return args === "" ? `expected ${usage}` : undefined;
}

function done(run: (context: Context) => void): Command["run"] {
  return (context) => {
    run(context);
    return undefined;
  };
}

function act(context: Context, text: string): undefined {
  say(context, text, true);
}

function rename(context: Context, nick: string): undefined {
  const { store, session } = context;
  notify(context, `taking the nick ${cleanTopicLine(nick)} …`);
  context.rename(nick).then(
    () => {
      const taken = cleanTopicLine(session.status.nick ?? nick);
      store.dispatch({ kind: "nick", nick: taken }, { kind: "notice", notice: undefined });
      print(context, [`you are ${taken} now`]);
    },
    (error: unknown) => {
      store.dispatch({ kind: "notice", notice: undefined });
      print(context, [reasonOf(error)], "error");
    },
  );
}

function setLine(context: Context, line: string): string | undefined {
  const { store, session } = context;
  try {
    session.publish(store.get().current, { line }).catch((error: unknown) => {
      print(context, [`the topic wasn't set: ${reasonOf(error)}`], "error");
    });
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function transport(context: Context, name: string): string | undefined {
  if (name === "") {
    const { link } = context.store.get();
    context.store.dispatch({
      kind: "overlay",
      overlay: { kind: "picker", index: TRANSPORTS.indexOf(link.transport) },
    });
    return undefined;
  }
  const wanted = transportNamed(name);
  if (!wanted) return `no transport ${cleanTopicLine(name)}: expected ${TRANSPORTS.join(", ")}`;
  swapTo(context, wanted);
  return undefined;
}
