import type { ServerApi } from "../client/api.ts";
import type { Session } from "../client/session.ts";
import { createTap } from "./input/tap.ts";
import { endings } from "./endings.ts";

/** Put a line into the log: good news or bad. */
export type Tell = (text: string, tone: "good" | "bad") => void;

export interface TuiOptions {
  /** Not started yet. Reads the room's topics already. */
  readonly session: Session;
  readonly api: ServerApi;
  /** The first room's topic: `room:lobby` */
  readonly room: string;
  /** Where the session goes, as it is shown: `127.0.0.1:4400` */
  readonly label: string;
  /** Claims the nick at the server and renames the session. Rejects with an error whose message is one line. */
  readonly rename: (nick: string) => Promise<void>;
  /** Says what else has to stand in the log. Returns what ends it. */
  readonly tidings?: (tell: Tell) => () => void;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/**
 * Run the terminal UI. Starts the session; resolves when the user quits or a signal ends it, with the exit code set then. The terminal
 * is as it was before, whatever happens.
 * @throws what went wrong within, or LinkError when the first link fails for good
 */
export async function runTui(options: TuiOptions): Promise<void> {
  // React and Ink read it when they are loaded.
  process.env["NODE_ENV"] ??= "production";
  const { mount } = await import("./mount.tsx");
  using ending = endings();
  using tap = createTap(options.stdin, options.stdout);
  ending.onExit(() => tap.stop());
  const app = mount(options, tap, ending.end);
  try {
    tap.start();
    await ending.ended;
  } finally {
    await app.unmount();
  }
}
