import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GapNotice, Notice } from "../../src/client/events.ts";
import { expect } from "vitest";
import { keep } from "../client/support/keep.ts";
import { run } from "../support/process.ts";

/** A database file that goes with the test, of which copies can be put back. */
export class Database {
  readonly file: string;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "backchat-gaps-"));
    keep({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) });
    this.file = join(folder, "rooms.db");
  }

  /** To be called while no server uses it. */
  backUp(): void {
    copyFileSync(this.file, `${this.file}.backup`);
  }

  /** Put the copy in its place, as somebody who has lost the newer one. */
  restore(): void {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(this.file + suffix, { force: true });
    copyFileSync(`${this.file}.backup`, this.file);
  }
}

/** What was told of a topic's log: runs of events without a hole, and the gaps between them. */
export type Told = readonly [first: number, last: number] | GapNotice;

/** Events and gaps of a topic in the order in which they were told. */
export function toldOf(notices: readonly Notice[], topic = "room:lobby"): Told[] {
  const told: Told[] = [];
  for (const notice of notices) {
    if (notice.kind === "gap" && notice.topic === topic) told.push(notice);
    if (notice.kind !== "event" || notice.topic !== topic) continue;
    const { offset } = notice;
    const last = told.at(-1);
    if (last && "kind" in last) told.push([offset, offset]);
    else if (last && last[1] === offset - 1) told[told.length - 1] = [last[0], offset];
    else told.push([offset, offset]);
  }
  return told;
}

export function gap(
  from: number | null,
  to: number | null,
  reason: GapNotice["reason"],
  topic = "room:lobby",
): GapNotice {
  return { kind: "gap", topic, from, to, reason };
}

let senders = 0;

/** Publish texts to the lobby with `backchat send`, under a name of its own. */
export async function send(url: string, texts: readonly string[]): Promise<void> {
  const args = ["send", url, "room:lobby", "--name", `sender${++senders}`];
  await using sending = run(args, { stdin: texts.map((text) => `${text}\n`).join("") });
  const { code, stderr } = await sending.exited;
  expect(code, stderr).toBe(0);
}
