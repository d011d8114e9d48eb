// `npm run soak`: sessions on all transports do at random what users do, through paths and with a server that misbehave at random; at
// the end each session's record is compared with the log.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeFlags, type Flags, parseFlags } from "../src/commands/flags.ts";
import { UsageError } from "../src/commands/usage-error.ts";
import { Dice } from "./dice.ts";
import { Log } from "./log.ts";
import { Tally } from "./tally.ts";
import { Trouble } from "./trouble.ts";
import { compare, report } from "./verdict.ts";
import { Visitor } from "./visitor.ts";

const FLAGS = {
  minutes: {
    type: "number",
    value: "N",
    help: "how long things go wrong",
    default: 1,
    max: 240,
    fractions: true,
  },
  seed: {
    type: "number",
    value: "S",
    help: "decides what happens; without it, a random one",
    max: 4_294_967_295,
  },
  clients: {
    type: "number",
    value: "C",
    help: "sessions at once",
    default: 24,
    min: 1,
    max: 1_000,
  },
} as const satisfies Flags;

const ROOMS = ["room:a", "room:b", "room:c", "room:d"];
/** How often what came is compared with the log, in ms. */
const COMPARE_MS = 500;
/** How often it says how it is going, in ms. */
const PROGRESS_MS = 15_000;
const STUMBLE = "a reader that throws";

try {
  const argv = process.argv.slice(2);
  if (argv.includes("--help"))
    process.stdout.write(`npm run soak -- FLAGS\n\n${describeFlags(FLAGS)}\n`);
  else {
    const { flags } = parseFlags("soak", FLAGS, argv);
    const { minutes, seed = Math.floor(Math.random() * 1_000_000), clients } = flags;
    process.exitCode = (await soak(minutes, seed, clients)) ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`soak: ${error.message}\n`);
  process.exitCode = 2;
}

async function soak(minutes: number, seed: number, clients: number): Promise<boolean> {
  const how = `--minutes ${minutes} --seed ${seed} --clients ${clients}`;
  process.stdout.write(`soak ${how}\n`);
  ignoreStumbles();
  const folder = await mkdtemp(join(tmpdir(), "backchat-soak-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

  const db = join(folder, "rooms.db");
  const tally = new Tally();
  const trouble = stack.use(await Trouble.start({ db, seed, dice: new Dice(seed), tally }));
  const log = stack.use(new Log(db, ROOMS));
  const scene = { rooms: ROOMS, paths: trouble.paths, log, tally };
  const visitors = Array.from(
    { length: clients },
    (_, index) => new Visitor(`v${index + 1}`, scene, new Dice(seed + 1_000 + index)),
  );

  const comparing = setInterval(() => {
    log.read();
    for (const visitor of visitors) visitor.compare();
  }, COMPARE_MS);
  const began = performance.now();
  const progress = setInterval(() => tell(tally, performance.now() - began), PROGRESS_MS);
  const end = new AbortController();
  const running = Promise.all([
    trouble.run(end.signal),
    ...visitors.map((one) => one.run(end.signal)),
  ]);
  await Promise.race([sleep(minutes * 60_000), running]);
  end.abort();
  await running;
  clearInterval(progress);
  await Promise.all(visitors.map((visitor) => visitor.fallSilent()));
  await Promise.all(visitors.map((visitor) => visitor.catchUp()));
  await Promise.all(visitors.map((visitor) => visitor.end()));
  clearInterval(comparing);

  log.read();
  const sessions = new Map(visitors.flatMap(({ published }) => [...published]));
  compare(log, ROOMS, sessions, tally);
  const damage = log.damage();
  if (damage !== undefined) tally.wrong("lost", `the database is damaged: ${damage}`);
  process.stdout.write(`${report(tally)}\nagain: npm run soak -- ${how}\n`);
  return tally.isClean;
}

function tell({ done, isClean }: Tally, ms: number): void {
  const count = (what: string) => (done.get(what) ?? 0).toLocaleString("en");
  const clock = new Date(ms).toISOString().slice(11, 19);
  process.stderr.write(
    `${clock}  ${count("published")} published, ${count("acknowledged")} acknowledged, ${count("swaps")} swaps${isClean ? "" : ", SOMETHING WENT WRONG"}\n`,
  );
}

// Readers that throw are among what is tried; whatever else there is a warning of is shown.
function ignoreStumbles(): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.message !== STUMBLE) process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}
