import meow from "meow";
import { quote } from "../protocol/names.ts";
import { UsageError } from "./usage-error.ts";

/** One flag of a command. A `text` and a `number` take a value. */
interface Flag {
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
  :
      | (F["type"] extends "number" ? number : string)
      | (F extends { default: string | number } ? never : undefined);

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
export function parseFlags<const Table extends Flags>(
  command: string,
  table: Table,
  argv: readonly string[],
): Parsed<Table> {
  checkFlags(command, table, argv);
  const { input, flags } = meow({
    importMeta: import.meta,
    argv: [...argv],
    autoHelp: false,
    autoVersion: false,
    flags: Object.fromEntries(
      Object.entries(table).map(([name, { type }]) => [
        name,
        // Everything as text: what isn't a number is said in our own words.
        type === "switch"
          ? { type: "boolean" as const }
          : { type: "string" as const, isMultiple: true as const },
      ]),
    ),
  });
  const values = Object.entries(table).map(([name, flag]) => [
    name,
    valueOf(name, flag, flags[name]),
  ]);
  return { input: input.map(String), flags: Object.fromEntries(values) as Values<Table> };
}

/** The arguments among which flags are looked for: after `--` nothing is one. */
export function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0 ? argv : argv.slice(0, end);
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

// What the parser would pass over in silence: flags that there aren't, a value that is missing or that a switch doesn't take.
function checkFlags(command: string, table: Flags, argv: readonly string[]): void {
  const flags = new Map(Object.entries(table).map(([name, flag]) => [dashed(name), flag]));
  const words = beforeDashes(argv);
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (!isFlag(word)) continue;
    const [, name = word, value] = /^(.*?)=(.*)$/su.exec(word) ?? [];
    const flag = flags.get(name);
    if (!flag) {
      throw new UsageError(
        `unknown flag ${name}: backchat ${command} knows ${[...flags.keys()].join(" ")}; after -- nothing is a flag`,
      );
    }
    if (flag.type === "switch") {
      if (value !== undefined) throw new UsageError(`${name} takes no value, got ${quote(value)}`);
    } else if (value === undefined) {
      const next = words[++at];
      if (next === undefined || isFlag(next)) throw missing(name, flag);
    }
  }
}

/** Negative numbers are values. */
function isFlag(word: string): boolean {
  return word.startsWith("-") && word !== "-" && !/^-\.?[0-9]/.test(word);
}

function missing(name: string, flag: Flag): UsageError {
  return new UsageError(`${name} needs a value: ${flag.help}`);
}

function valueOf(name: string, flag: Flag, given: unknown): string | number | boolean | undefined {
  if (flag.type === "switch") return given === true;
  const all = Array.isArray(given) ? given.map(String) : [];
  const text = all.at(-1);
  if (text === undefined) return flag.default;
  if (all.length > 1)
    throw new UsageError(`${dashed(name)} was given ${all.length} times: give it once`);
  if (text === "") throw missing(dashed(name), flag);
  if (flag.choices && !flag.choices.includes(text)) {
    throw new UsageError(
      `expected ${dashed(name)} to be one of ${flag.choices.join(", ")}, got ${quote(text)}`,
    );
  }
  return flag.type === "number" ? numberOf(name, flag, text) : text;
}

function numberOf(
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, fractions = false }: Flag,
  text: string,
): number {
  const number = Number(text);
  const wellFormed = /^[0-9]*\.?[0-9]+$/.test(text) && (fractions || Number.isInteger(number));
  if (wellFormed && number >= min && number <= max) return number;
  const kind = fractions ? "a number" : "a whole number";
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new UsageError(`expected ${dashed(name)} to be ${kind} ${bounds}, got ${quote(text)}`);
}

function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
