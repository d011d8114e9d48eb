/**
 * A newcomer's first minute: `npm start` in a real terminal, on a machine that has never run
 * backchat. The UI must come up with a live transport in its status bar, and two Ctrl+C must
 * leave it with exit code 0 and the terminal as it was. Run by `.ci/run`.
 */
import { freePort } from "./free-port.ts";
import { openTerminal } from "./terminal.ts";

const port = await freePort();
await using terminal = openTerminal({
  command: "npm",
  args: ["start", "--", "--port", String(port)],
  cols: 120,
  rows: 36,
  env: { npm_config_update_notifier: "false" },
});

// npm names the package too, on the normal screen, before the UI takes the alternate one.
const shown = await terminal.waitFor(
  (text) => terminal.alternateScreen() && /backchat/.test(text) && hasTransport(text),
  { timeout: 120_000, what: "the UI with a transport in its status bar" },
);
console.log(shown);

terminal.write("\x03");
terminal.write("\x03");
const status = await Promise.race([terminal.exited, deadline(15_000)]);
if (status === "late")
  throw new Error(`still running after Ctrl+C twice:\n${terminal.screen().join("\n")}`);
if (status.code !== 0) throw new Error(`ended with ${JSON.stringify(status)}, wanted exit code 0`);
if (terminal.alternateScreen()) throw new Error("left the terminal on the alternate screen");
console.log("npm start came up and was left with exit code 0");

/** The status bar is the last row but one, above the composer. */
function hasTransport(text: string): boolean {
  const rows = text.split("\n").filter((row) => row !== "");
  return /\b(polling|poll|long-polling|lp|sse|websocket|ws)\b/i.test(rows.slice(-3).join("\n"));
}

function deadline(ms: number): Promise<"late"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("late"), ms).unref();
  });
}
