// PROTOCOL.md and the code say the same.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERRORS } from "../../src/protocol/errors.ts";
import { LIMITS } from "../../src/protocol/limits.ts";
import { parseClientFrame, parseServerFrame } from "../../src/protocol/parse.ts";

const document = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

/** Rows of the first table in the section whose heading begins so. */
function table(heading: string): string[][] {
  const section = document.split(`\n## ${heading}`)[1]!.split("\n## ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("section 7 lists every error with its status, close code and whether to retry", () => {
  const written = table("7.").map(([code, status, close, retry]) => ({
    code: code!.replaceAll("`", ""),
    status: status === "–" ? undefined : Number(status),
    close: Number(/\b[14]\d{3}\b/.exec(close!)?.[0]) || undefined,
    retry: retry === "yes",
  }));
  const known = Object.entries(ERRORS).map(([code, rule]) => ({
    code,
    // Only a stream is ended as silent.
    status: code === "silent" ? undefined : rule.status,
    close: "close" in rule ? rule.close : undefined,
    retry: rule.retry,
  }));
  expect(written.toSorted(byCode)).toEqual(known.toSorted(byCode));
});

test("a close code is 4000 + the HTTP status, but for those of WebSocket itself", () => {
  for (const rule of Object.values(ERRORS)) {
    if ("close" in rule && rule.close >= 4000) expect(rule.close).toBe(4000 + rule.status);
  }
});

test("section 8 gives the limits that are enforced", () => {
  const limits = new Map(table("8.").map(([what, most]) => [what, most]));
  const kib = (bytes: number) => `${bytes / 1024} KiB`;
  expect(Object.fromEntries(limits)).toEqual({
    "text or body of an event": `${kib(LIMITS.bodyBytes)} of UTF-8`,
    "frames in one WebSocket message": String(LIMITS.publishesPerPost),
    "nesting of a body": "32 levels",
    nick: `${LIMITS.nickLength} characters`,
    "topic name, with its family": `${LIMITS.topicLength} characters`,
    "topics on a link": String(LIMITS.topicsPerLink),
    frame: kib(LIMITS.frameBytes),
    "publish frames in one POST": `${LIMITS.publishesPerPost}, and 1 MiB in all`,
    "one WebSocket message": `${LIMITS.messageBytes / 1024 / 1024} MiB`,
    "events in one poll answer": `${LIMITS.pageEvents.toLocaleString("en")} or ${kib(LIMITS.pageBytes)}`,
    "a history page": `${LIMITS.historyEvents} events or ${kib(LIMITS.pageBytes)}`,
    "keys of a user's feed": LIMITS.feedKeys.toLocaleString("en"),
    "users' feeds": "1,000",
    "answers that a client doesn't read": "4,096 beyond a full link",
    "requests sent ahead on one connection": "64",
    "how long a request may take to come in": "30 s",
    "how long nothing of an answer is read (events of a stream apart)": "15 s to 30 s",
  });
});

test("every example of a frame can be read", () => {
  const client = ["publish", "ping", "bye"];
  let examples = 0;
  for (const [, block] of document.matchAll(/```json\n([^`]*)```|`(\{"kind":[^`]*\})`/g)) {
    for (const line of (block ?? "").split("\n").filter((text) => text !== "")) {
      expect(parseServerFrame(line), line).toBeDefined();
      examples += 1;
    }
  }
  for (const [, , inline] of document.matchAll(/```json\n([^`]*)```|`(\{"kind":[^`…]*\})`/g)) {
    if (inline === undefined) continue;
    const { kind } = JSON.parse(inline) as { kind: string };
    const frame = client.includes(kind) ? parseClientFrame(inline) : parseServerFrame(inline);
    expect(frame, inline).toMatchObject({ kind });
    examples += 1;
  }
  expect(examples).toBeGreaterThan(15);
});

function byCode(a: { code: string }, b: { code: string }): number {
  return a.code < b.code ? -1 : 1;
}
