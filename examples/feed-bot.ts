/**
 * A bot that watches prices and speaks up in a room when one moves.
 *
 *     node examples/feed-bot.ts http://127.0.0.1:4400 --percent 1
 *
 * It answers `!prices` in the room with the latest prices. Ctrl+C ends it.
 */
import { parseArgs } from "node:util";
import { type Body, cleanLine, connect, type Connection, LinkError } from "backchat";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    room: { type: "string", default: "lobby" },
    feed: { type: "string", default: "market" },
    nick: { type: "string", default: "ticker" },
    percent: { type: "string", default: "1" },
  },
});

/** The latest price of each symbol, and the one that was last spoken of. */
const prices = new Map<string, number>();
const spoken = new Map<string, number>();

async function watch(session: Connection): Promise<void> {
  const room = session.topic(`room:${values.room}`);
  for await (const item of session.topic(`feed:${values.feed}`)) {
    const tick = item.kind === "event" ? readTick(item.body) : undefined;
    if (!tick) continue;
    const { name, price } = tick;
    prices.set(name, price);
    const before = spoken.get(name) ?? price;
    const change = (100 * (price - before)) / before;
    if (!spoken.has(name)) spoken.set(name, price);
    if (Math.abs(change) < Number(values.percent)) continue;
    spoken.set(name, price);
    // Kept once this resolves, whatever happens to the connection meanwhile.
    await room.publish(
      `${name} ${change > 0 ? "up" : "down"} ${Math.abs(change).toFixed(1)} % to ${price}`,
    );
  }
}

async function answer(session: Connection): Promise<void> {
  const room = session.topic(`room:${values.room}`);
  for await (const item of room) {
    if (item.kind === "gap") console.error(`missed ${item.topic} (${item.reason})`);
    if (item.kind !== "event" || textOf(item.body) !== "!prices") continue;
    // What others have written may hold anything: never to the terminal as it came.
    console.log(`${cleanLine(item.from)} asked for prices`);
    const list = [...prices].map(([name, price]) => `${name} ${price}`);
    await room.publish(list.length > 0 ? list.join(", ") : "no prices yet");
  }
}

/** A price of `feed:market`, or of a feed of one's own: `{"key":"ACME","price":101.37}`. */
function readTick(body: Body): { name: string; price: number } | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  const { symbol, key, price } = body as Record<string, unknown>;
  const name = symbol ?? key;
  return typeof name === "string" && typeof price === "number" ? { name, price } : undefined;
}

function textOf(body: Body): unknown {
  return typeof body === "object" && body !== null && "text" in body ? body.text : undefined;
}

try {
  await using session = await connect(positionals[0] ?? "http://127.0.0.1:4400", {
    nick: values.nick,
  });
  process.once("SIGINT", () => void session.close());
  console.log(`connected over ${session.status.transport} as ${session.status.nick}`);
  // Both loops end when the session is closed.
  await Promise.all([watch(session), answer(session)]);
} catch (error) {
  if (!(error instanceof LinkError)) throw error;
  const { suggestion } = error.refusal ?? {};
  console.error(
    suggestion === undefined ? error.message : `${error.message}: try --nick ${suggestion}`,
  );
  process.exitCode = 1;
}
