import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { startFaultProxy } from "../support/fault-proxy/proxy.ts";
import { run, startServer } from "../support/process.ts";
import { createSandbox } from "../support/sandbox.ts";
import { numbered } from "./load.ts";
import { live, next, printed } from "./output.ts";

const cli = `${import.meta.dirname}/../../dist/cli.js`;

/** A command line of the shell, in which `backchat` is ours. */
async function shell(line: string) {
  using sandbox = createSandbox();
  const env = { ...sandbox.env, NODE: process.execPath, CLI: cli };
  const child = spawn("bash", ["-c", `backchat() { "$NODE" "$CLI" "$@"; }; ${line}`], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  await once(child, "close");
  return { stdout, stderr };
}

test("tail | head -1 ends quietly, with exit code 0", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  await using send = run(["send", server.url, "room:lobby"], { stdin: numbered(3_000).join("") });
  expect((await send.exited).code).toBe(0);
  const { stdout, stderr } = await shell(
    `{ backchat tail ${server.url} room:lobby --since beginning; echo "code $?" >&2; } | head -1`,
  );
  expect(stdout.split("\n")).toHaveLength(2);
  expect(stderr).toBe("code 0\n");
});

test("send | head -1 sends everything all the same", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  const { stdout, stderr } = await shell(
    `{ seq 3000 | backchat send ${server.url} room:lobby; echo "code $?" >&2; } | head -1`,
  );
  expect(printed(stdout, "ack")).toHaveLength(1);
  expect(stderr).toBe("code 0\n");
  await using tail = run([
    "tail",
    server.url,
    "room:lobby",
    "--since",
    "beginning",
    "--count",
    "3000",
  ]);
  expect(printed((await tail.exited).stdout, "event").at(-1)?.body).toEqual({ text: "3000" });
});

test("output that can't be written is a fault, and said", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  const { stderr } = await shell(
    `backchat send ${server.url} room:lobby hello > /dev/full; echo "code $?" >&2`,
  );
  expect(stderr).toMatch(/^backchat: standard output can't be written: ENOSPC.*\ncode 1\n$/);
});

test("help whose reader has gone is no fault", async () => {
  const { stderr } = await shell(`{ backchat tail --help; echo "code $?" >&2; } | true`);
  expect(stderr).toBe("code 0\n");
});

test("a server goes on when nobody reads its log any more", async () => {
  const { stdout } = await shell(`
    "$NODE" "$CLI" serve --port 0 --memory --feed none 2> >(true) > "$HOME/line" &
    until url=$(grep -o 'http.*' "$HOME/line"); do sleep 0.05; done
    backchat send "$url" room:lobby hello
    kill $!; wait $!; echo "code $?"`);
  const [ack, code] = stdout.trim().split("\n");
  expect(printed(ack!, "ack")).toHaveLength(1);
  expect(code).toBe("code 0");
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "tail ends with 0 on %s, and presence ends with it",
  async (signal) => {
    await using server = await startServer({ args: ["--feed", "none"] });
    await using watch = run(["tail", server.url, "who:lobby"]);
    await live(watch);
    await using tail = run(["tail", server.url, "room:lobby", "--name", "ann"]);
    await next(watch, "event", ({ key }) => key === "ann");
    await live(tail);
    tail.kill(signal);
    expect(await tail.exited).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect((await next(watch, "event")).body).toEqual({ nick: "ann", here: false });
  },
);

test("tail ends in the middle of a swap too", async () => {
  await using server = await startServer({ args: ["--feed", "none"] });
  await using proxy = await startFaultProxy(server.port);
  const url = `http://127.0.0.1:${proxy.port}`;
  await using tail = run(["tail", url, "room:lobby", "--rotate", "1"]);
  await live(tail);
  // A server that doesn't answer any more: the request of the swap to SSE, longer than a ping, stays on its way.
  process.kill(server.pid, "SIGSTOP");
  const before = proxy.up;
  await vi.waitFor(() => expect(proxy.up).toBeGreaterThan(before + 100), 10_000);
  tail.kill("SIGINT");
  expect(await tail.exited).toMatchObject({ code: 0, signal: null, stderr: "" });
});
