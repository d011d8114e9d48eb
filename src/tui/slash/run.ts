import { cleanLine } from "../../client/clean.ts";
import type { Context } from "../control/context.ts";
import { type Action, commandNames, lookupCommand } from "../input/keymap.ts";
import { COMMANDS } from "./commands.ts";
import { nearest } from "./nearest.ts";

/** Whether a text is a command: it begins with one slash. */
export function isCommand(text: string): boolean {
  return /^\/(?!\/)/.test(text);
}

/** A text without the slash that was doubled so that it isn't a command. */
export function unslashed(text: string): string {
  return text.startsWith("//") ? text.slice(1) : text;
}

/**
 * Run a command line.
 * @param perform does what a key does that has a command too
 * @returns what is wrong, in one line
 */
export function runCommand(
  context: Context,
  text: string,
  perform: (action: Action) => void,
): string | undefined {
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
  const command = COMMANDS.find((candidate) => candidate.name === name.toLowerCase());
  if (command) return command.run(context, rest.trim());
  const action = lookupCommand(`/${name.toLowerCase()}`);
  if (action) {
    perform(action);
    return undefined;
  }
  const guess = nearest(`/${name}`, allCommands());
  const hint = guess === undefined ? "/help lists them" : `did you mean ${guess}?`;
  return `no command /${cleanLine(name, 24)}: ${hint} (//${cleanLine(name, 8)} sends it as text)`;
}

/** Every command with its slash, and the words that may follow, for completion. */
export function commandWords(): readonly string[] {
  const choices = COMMANDS.flatMap(({ name, choices: words = [] }) =>
    words.map((word) => `/${name} ${word}`),
  );
  return [...allCommands(), ...choices];
}

function allCommands(): readonly string[] {
  return [...new Set([...COMMANDS.map(({ name }) => `/${name}`), ...commandNames()])].toSorted();
}
