import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { randomId } from "../protocol/id.ts";
import { parseNick } from "../protocol/names.ts";
import { CommandError } from "./usage-error.ts";

const SECRET = /^[\x21-\x7e]{16,128}$/;

/** Where backchat keeps what lasts: `$XDG_STATE_HOME/backchat`, or `~/.local/state/backchat`. */
export function stateFolder(): string {
  const { XDG_STATE_HOME: base } = process.env;
  return join(
    base !== undefined && base.startsWith("/") ? base : join(homedir(), ".local", "state"),
    "backchat",
  );
}

/**
 * The secret that this user's nicks are leased to, made on first use. Several programs may do so at once: all get the same one.
 * @throws CommandError
 */
export function loadIdentity(): string {
  const file = join(stateFolder(), "identity");
  try {
    return readIdentity(file) ?? createIdentity(file);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(
      `the identity in ${file} can't be read or made: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The nick of somebody who named none: the user's name on this machine. */
export function defaultNick(): string {
  try {
    return parseNick(userInfo().username);
  } catch {
    // Nobody with a name, or a name that is no nick.
    return "guest";
  }
}

function createIdentity(file: string): string {
  mkdirSync(stateFolder(), { recursive: true, mode: 0o700 });
  // Written whole before it gets its name, and the name is given once: nobody reads half a secret.
  const draft = `${file}.${randomId(6)}`;
  writeFileSync(draft, `${randomId(24)}\n`, { mode: 0o600, flag: "wx" });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(draft);
  }
  return readIdentity(file)!;
}

function readIdentity(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (SECRET.test(text)) return text;
  throw new CommandError(
    `${file} holds no identity (16 to 128 printable characters): delete it and a new one is made`,
  );
}
