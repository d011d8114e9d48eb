import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "vitest";
import { atExit } from "../../support/sandbox.ts";

// A mount that nobody else sees, which needs no rights on the machine where users may have namespaces.
const UNSHARE = ["--user", "--map-root-user", "--mount", "--propagation", "private", "--"];
const NEEDED =
  "a small disk of one's own: Linux with unshare and nsenter (util-linux), and user namespaces allowed (kernel.apparmor_restrict_unprivileged_userns=0), or root";

const { status } = spawnSync("unshare", [...UNSHARE, "mount", "-t", "tmpfs", "none", tmpdir()]);
const available = status === 0;
if (!available)
  process.stderr.write(`NOT TESTED: full and read-only disks, for want of ${NEEDED}\n`);

/** For tests that use {@link openDisk}: without it a person is told so, a CI run fails. */
export const diskTest = test.skipIf(!available && !process.env["CI"]);

/** A small disk. */
export interface Disk extends AsyncDisposable {
  /** Where it is for programs that are started with {@link launcher}. */
  readonly path: string;
  /** Where this process finds the same. */
  readonly outside: string;
  readonly launcher: readonly string[];
  /** Leave no byte free, or so many KiB. */
  fill(spare?: number): Promise<void>;
  /** Take away what {@link fill} has put there. */
  free(): Promise<void>;
  /** Remove files, if they are there. */
  remove(names: readonly string[]): Promise<void>;
  /** Nobody may write to it. Only while nothing on it is open for writing. */
  readOnly(): Promise<void>;
  writable(): Promise<void>;
}

/** @param size in KiB */
export async function openDisk(size: number): Promise<Disk> {
  if (!available) throw new Error(`this test needs ${NEEDED}`);
  const path = mkdtempSync(join(tmpdir(), "backchat-disk-"));
  // The shell keeps the namespace, and with it the disk, for as long as it lives.
  const shell = spawn("unshare", [...UNSHARE, "sh"], { stdio: ["pipe", "pipe", "inherit"] });
  const forget = atExit(() => shell.kill("SIGKILL"));
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
  const tell = async (command: string) => {
    shell.stdin.write(`${command}; echo $?\n`);
    const { value } = await lines.next();
    if (value !== "0") throw new Error(`${command}: exit code ${String(value)}`);
  };
  await tell(`mount -t tmpfs -o size=${size}k none '${path}'`);
  const outside = `/proc/${shell.pid}/root${path}`;
  const target = ["--preserve-credentials", "--user", "--mount", "--target", String(shell.pid)];
  return {
    path,
    outside,
    launcher: ["nsenter", ...target, "--"],
    async fill(spare = 0) {
      const { bavail, bsize } = statfsSync(outside);
      await tell(`head -c ${bavail * bsize - spare * 1_024} /dev/zero >'${path}/filler'`);
    },
    free: () => tell(`rm '${path}/filler'`),
    remove: (names) => tell(`rm -f ${names.map((name) => `'${path}/${name}'`).join(" ")}`),
    readOnly: () => tell(`mount -o remount,ro '${path}'`),
    writable: () => tell(`mount -o remount,rw '${path}'`),
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      shell.on("close", () => resolve());
      shell.stdin.end();
      await promise;
      forget();
      rmdirSync(path);
    },
  };
}
