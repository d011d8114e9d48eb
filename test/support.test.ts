import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run, startServer } from "./support/process.ts";
import { createSandbox } from "./support/sandbox.ts";
import { openTerminal } from "./support/terminal.ts";

const node = process.execPath;

/** A stand-in for `dist/cli.js`; the folder goes with the sandbox. */
function script(source: string) {
  const folder = createSandbox();
  const path = join(folder.home, "stand-in.mjs");
  writeFileSync(path, source);
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** Reset or ended, it is over. */
async function closing(socket: Socket | undefined): Promise<void> {
  const closed = Promise.withResolvers<void>();
  socket?.on("error", () => {}).on("close", () => closed.resolve());
  socket?.resume();
  await closed.promise;
}

describe("a terminal", () => {
  test("shows what a person would see, after cursor movement and colour", async () => {
    const source = String.raw`process.stdout.write("one\n\x1b[31mtwo\x1b[0m\x1b[1;5H!\n\n漢字 \n")`;
    await using terminal = openTerminal({ command: node, args: ["-e", source] });
    expect(await terminal.exited).toEqual({ code: 0, signal: null });
    expect(terminal.screen().slice(0, 4)).toEqual(["one !", "two", "漢字", ""]);
    expect(terminal.screen()).toHaveLength(30);
  });

  test("takes typing and resizing, and tells an exit code", async () => {
    const source = `
      process.stdin.setRawMode(true).on("data", (key) => {
        if (String(key) === "\\x03") process.exit(7);
        console.log("key", JSON.stringify(String(key)));
      });
      process.stdout.on("resize", () => console.log(process.stdout.columns, process.stdout.rows));
      console.log("ready", process.stdout.columns, process.stdout.rows);`;
    const size = { cols: 40, rows: 10 };
    await using terminal = openTerminal({ command: node, args: ["-e", source], ...size });
    await terminal.waitFor(/ready 40 10/);
    terminal.write("é");
    await terminal.waitFor(/key "é"/);
    terminal.resize(60, 12);
    await terminal.waitFor((text) => text.includes("60 12"));
    expect(terminal.screen()).toHaveLength(12);
    terminal.write("\x03");
    expect(await terminal.exited).toEqual({ code: 7, signal: null });
  });

  test("answers the questions that a program asks its terminal", async () => {
    const source = `
      process.stdin.setRawMode(true).once("data", (reply) => {
        console.log(JSON.stringify(String(reply)));
        process.exit();
      });
      process.stdout.write("ab\\x1b[6n");`;
    await using terminal = openTerminal({ command: node, args: ["-e", source] });
    await terminal.waitFor(/\[1;3R/);
  });

  test("is no CI, and has a home of its own", async () => {
    const source = `const { CI, NODE_ENV, VITEST, HOME, TERM } = process.env;
      console.log(JSON.stringify([CI, NODE_ENV, VITEST, TERM, HOME]));`;
    await using terminal = openTerminal({ command: node, args: ["-e", source], cols: 200 });
    const seen = `[null,null,null,"xterm-256color",${JSON.stringify(terminal.home)}]`;
    await terminal.waitFor((text) => text.includes(seen));
  });

  test("shows the screen when it has waited in vain, and doesn't wait for a dead program", async () => {
    await using terminal = openTerminal({ command: "cat", cols: 20, rows: 3 });
    terminal.write("hello\r");
    await terminal.waitFor(/hello\nhello/);
    await expect(terminal.waitFor(/bye/, { timeout: 50, what: "a farewell" })).rejects.toThrow(
      /waited for a farewell.*50 ms.*\n\+-{20}\+\n\|hello\n\|hello\n/,
    );
    const wait = terminal.waitFor(/bye/);
    terminal.kill("SIGKILL");
    await expect(wait).rejects.toThrow(/the program ended.*SIGKILL/);
    expect(await terminal.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("takes its home folder and all that was started in it with it", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const source = `require("node:net").connect(${port}, "127.0.0.1")`;
    const args = ["-c", '"$0" -e "$1" & wait', node, source];
    const terminal = openTerminal({ command: "sh", args });
    const [grandchild]: Socket[] = await once(server, "connection");
    const closed = closing(grandchild);
    await terminal[Symbol.asyncDispose]();
    await closed;
    expect(existsSync(terminal.home)).toBe(false);
    server.close();
  });
});

describe("a run", () => {
  test("gives lines as they come, and goes on where a loop was left", async () => {
    using echo = script(
      `process.stdin.pipe(process.stdout); process.stdin.on("end", () => process.exitCode = 3);`,
    );
    const input = Promise.withResolvers<void>();
    async function* typed() {
      yield "one\ntw";
      await input.promise;
      yield "o\nthree";
    }
    await using child = run([], { script: echo.path, stdin: typed() });
    for await (const line of child.lines) {
      expect(line).toBe("one");
      break;
    }
    input.resolve();
    const rest: string[] = [];
    for await (const line of child.lines) rest.push(line);
    expect(rest).toEqual(["two", "three"]);
    expect(await child.exited).toMatchObject({ code: 3, signal: null, stdout: "one\ntwo\nthree" });
  });

  test("hands on arguments and environment, keeps stderr apart, and ends on abort", async () => {
    using stay =
      script(`console.error(process.argv[2], process.env.NICK); setInterval(() => {}, 1000);
      console.log("up");`);
    const abort = new AbortController();
    const options = { script: stay.path, env: { NICK: "bob" }, signal: abort.signal };
    await using child = run(["--hello"], options);
    for await (const line of child.lines) if (line === "up") break;
    abort.abort();
    expect(await child.exited).toEqual({
      code: null,
      signal: "SIGTERM",
      stdout: "up\n",
      stderr: "--hello bob\n",
    });
  });
});

describe("a server process", () => {
  const source = `
    import { createServer } from "node:http";
    const server = createServer((_, response) => response.end(process.argv.slice(2).join(" ")));
    server.listen(0, () => console.log("backchat listening on http://127.0.0.1:" + server.address().port));
    process.on("SIGTERM", () => server.close(() => process.exit(0)));`;

  test("is up once it is given, and stops with its own exit code", async () => {
    using standIn = script(source);
    await using server = await startServer({ script: standIn.path, args: ["--x"] });
    const socket = connect(server.port, "127.0.0.1");
    socket.end("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    const answer = (await socket.setEncoding("utf8").toArray()).join("");
    expect(answer).toMatch(/serve --port 0 --memory --x$/);
    expect(await server.stop()).toBe(0);
  });

  test("can be killed without warning", async () => {
    using standIn = script(source);
    await using server = await startServer({ script: standIn.path });
    await server.kill9();
    const socket = connect(server.port, "127.0.0.1");
    const [error] = await once(socket, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("that doesn't come up says why", async () => {
    using standIn = script(`console.error("port taken"); process.exit(1)`);
    await expect(startServer({ script: standIn.path })).rejects.toThrow(
      /exited with 1.*\nport taken/,
    );
  });
});
