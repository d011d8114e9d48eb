import { ProtocolError } from "../protocol/errors.ts";
import { parseNick, parseTopic } from "../protocol/names.ts";
import { TRANSPORTS } from "../transports/transport.ts";
import type { Flags } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

/** Flags of all commands that join a server. */
export const LINK_FLAGS = {
  transport: {
    type: "text",
    value: "NAME",
    help: "how to reach the server",
    choices: [...TRANSPORTS, "auto"],
    default: "auto",
  },
  name: { type: "text", value: "NICK", help: "the nick to use" },
  pollMin: {
    type: "number",
    value: "MS",
    help: "polling: the pause between two polls while something happens",
    default: 500,
    min: 10,
    max: 60_000,
  },
  pollMax: {
    type: "number",
    value: "MS",
    help: "polling: the longest pause, when nothing has happened for a while",
    default: 4_000,
    min: 10,
    max: 60_000,
  },
} as const satisfies Flags;

/** Flags of the commands without a user interface. */
export const SCRIPT_FLAGS = {
  ...LINK_FLAGS,
  rotate: {
    type: "number",
    value: "SECONDS",
    help: "swap to the next transport every so many seconds",
    min: 0.05,
    max: 86_400,
    fractions: true,
  },
  timeout: {
    type: "number",
    value: "SECONDS",
    help: "give up when there was no link for so long; without it, reconnect for as long as it takes",
    min: 0.1,
    max: 86_400,
    fractions: true,
  },
  wait: {
    type: "switch",
    help: "wait for the server also at the start, instead of failing when it isn't there",
  },
  format: {
    type: "text",
    value: "FORMAT",
    help: "text on a terminal, json in a pipe, unless given",
    choices: ["text", "json"],
  },
} as const satisfies Flags;

/** @throws UsageError */
export function pollIntervalOf({ pollMin, pollMax }: { pollMin: number; pollMax: number }) {
  if (pollMin <= pollMax) return { min: pollMin, max: pollMax };
  throw new UsageError(
    `expected --poll-min to be at most --poll-max, got ${pollMin} and ${pollMax} ms`,
  );
}

/** @throws UsageError */
export function nickOf(text: string): string {
  return usage(() => parseNick(text));
}

/** @throws UsageError */
export function topicOf(text: string): string {
  return usage(() => parseTopic(text));
}

function usage<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof ProtocolError ? new UsageError(error.message, { cause: error }) : error;
  }
}
