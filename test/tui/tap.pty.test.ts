import { fileURLToPath } from "node:url";
import { spawn } from "@lydell/node-pty";
import { expect, it, vi } from "vitest";

const program = fileURLToPath(new URL("support/key-echo.ts", import.meta.url));

/** The program under a real terminal; `shown` is what it drew last. */
function start() {
  // Ink draws only at the end when it believes to run in CI.
  const env = { ...process.env };
  delete env["CI"];
  delete env["CONTINUOUS_INTEGRATION"];
  const pty = spawn(process.execPath, [program], { cols: 100, rows: 10, env });
  let output = "";
  pty.onData((data) => {
    output += data;
  });
  const exit = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => {
      resolve(exitCode);
    });
  });
  return {
    pty,
    exit,
    output: () => output,
    shown: () => output.match(/keys:.*?\./g)?.at(-1),
    [Symbol.dispose]: () => {
      pty.kill();
    },
  };
}

it("reads a real terminal under Ink, key by key", { timeout: 30_000 }, async () => {
  using terminal = start();
  const { pty, shown } = terminal;
  const sees = (text: string): Promise<void> =>
    vi.waitFor(
      () => {
        expect(shown()).toBe(`keys:${text}.`);
      },
      { timeout: 10_000, interval: 10 },
    );
  await sees("");
  expect(terminal.output()).toContain("\x1b[?2004h");

  let drawn = "h e l l o <enter>";
  pty.write("hello\r");
  await sees(drawn);

  pty.write("\x1bOP\x1b[15~\x1b[I\x1b[<0;1;1M\x1b]11;rgb:0/0/0\x07");
  await sees((drawn += " <f1> <f5>"));

  pty.write("\x1b");
  await sees((drawn += " <escape>"));

  pty.write("\x03");
  await sees((drawn += " <c>"));

  pty.write("\x1b[200~stuck");
  await sees((drawn += " stuck"));
  pty.write("é");
  await sees((drawn += " é"));

  pty.write("\x04");
  expect(await terminal.exit).toBe(0);
  expect(terminal.output()).toContain("\x1b[?2004l");
});
