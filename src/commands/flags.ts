import meow from "meow";
import { UsageError } from "./usage-error.ts";

/** One flag of a command. A `text` and a `number` take a value. */
export interface Flag {
  readonly type: "text" | "number" | "switch";
  /** What the help calls the value. */
  readonly value?: string;
  readonly help: string;
  readonly default?: string | number;
  readonly choices?: readonly string[];
  /** Numbers: bounds, inclusive. Fractions only where `fractions`. */
  readonly min?: number;
  readonly max?: number;
  readonly fractions?: boolean;
}

export type Flags = Readonly<Record<string, Flag>>;

type ValueOf<F extends Flag> = F["type"] extends "switch"
  ? boolean
  : (F["type"] extends "number" ? number : string) | (F extends { default: string | number } ? never : undefined);

/** The values of a command's flags; a flag that wasn't given and has no default is undefined (a switch: false). */
export type Values<Table extends Flags> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** What a command line says. */
export interface Parsed<Table extends Flags> {
  readonly input: readonly string[];
  readonly flags: Values<Table>;
}

/**
 * Read a command's arguments.
 * @param table by names in camel case, as the flag `--feed-speed` is `feedSpeed`
 * @throws UsageError
 */
export function parseFlags<const Table extends Flags>(command: string, table: Table, argv: readonly string[]): Parsed<Table> {
  const { input, flags } = meow({
    importMeta: import.meta,
    argv: [...argv],
    autoHelp: false,
    autoVersion: false,
    allowUnknownFlags: true,
    flags: Object.fromEntries(
      Object.entries(table).map(([name, { type }]) => [
        name,
        // Everything as text: what isn't a number is said in our own words.
        type === "switch" ? { type: "boolean" as const } : { type: "string" as const, isMultiple: true as const },
      ]),
    ),
  });
  for (const name of Object.keys(flags)) {
    if (!Object.hasOwn(table, name)) {
      const known = Object.keys(table).map(dashed).join(" ");
      throw new UsageError(`unknown flag ${dashed(name)}: backchat ${command} knows ${known}`);
    }
  }
  const values = Object.entries(table).map(([name, flag]) => [name, valueOf(name, flag, flags[name])]);
  return { input: input.map(String), flags: Object.fromEntries(values) as Values<Table> };
}

/** The lines of a help text that explain the flags. */
export function describeFlags(table: Flags): string {
  const rows = Object.entries(table).map(([name, flag]) => {
    const value = flag.type === "switch" ? "" : ` ${flag.value ?? "VALUE"}`;
    const choices = flag.choices ? ` (${flag.choices.join(", ")})` : "";
    const standard = flag.default === undefined ? "" : ` [${flag.default}]`;
    return [`${dashed(name)}${value}`, `${flag.help}${choices}${standard}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join("\n");
}

function valueOf(name: string, flag: Flag, given: unknown): string | number | boolean | undefined {
  if (flag.type === "switch") return given === true;
  const all = Array.isArray(given) ? given.map(String) : [];
  const text = all.at(-1);
  if (text === undefined) return flag.default;
  if (all.length > 1) throw new UsageError(`${dashed(name)} was given ${all.length} times: give it once`);
  if (text === "") throw new UsageError(`${dashed(name)} needs a value: ${flag.help}`);
  if (flag.choices && !flag.choices.includes(text)) {
    throw new UsageError(`expected ${dashed(name)} to be one of ${flag.choices.join(", ")}, got ${JSON.stringify(text)}`);
  }
  return flag.type === "number" ? numberOf(name, flag, text) : text;
}

function numberOf(name: string, { min = 0, max = Number.MAX_SAFE_INTEGER, fractions = false }: Flag, text: string): number {
  const number = Number(text);
  const wellFormed = /^[0-9]*\.?[0-9]+$/.test(text) && (fractions || Number.isInteger(number));
  if (wellFormed && number >= min && number <= max) return number;
  const kind = fractions ? "a number" : "a whole number";
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new UsageError(`expected ${dashed(name)} to be ${kind} ${bounds}, got ${JSON.stringify(text)}`);
}

function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
