// What RELIABILITY.md says is tried somewhere is tried there.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const document = readFileSync(join(root, "RELIABILITY.md"), "utf8");

const failures = document
  .split("\n## How others failed")[1]!
  .split("\n## ")[0]!
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .slice(2)
  .map((row) => row.split("|").slice(2, 4).join("|"));

test.each(failures)("%s", (row) => {
  const issues = row.match(/[\w.-]+#\d+/g) ?? [];
  const files = row.match(/test\/[\w./-]+/g) ?? [];
  expect(issues).not.toEqual([]);
  const text = files.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  for (const issue of issues) expect(text).toContain(issue);
});

test("every file it names is there", () => {
  const files = document.match(/(?:test|bench|decisions|soak)\/[\w./-]*[\w/]/g) ?? [];
  expect(files.length).toBeGreaterThan(30);
  for (const file of files) {
    const found = [file, `${file}.md`, `${file}.test.ts`].some((name) =>
      existsSync(join(root, name)),
    );
    const numbered = /^decisions\/\d+$/.test(file);
    expect([file, found || numbered]).toEqual([file, true]);
  }
});
