import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./support/process.ts";

const script = join(import.meta.dirname, "../soak/soak.ts");

test(
  "a soak of a minute ends with nothing lost, and tells its seed",
  { timeout: 300_000 },
  async () => {
    await using soak = run(["--minutes", "1"], { script });
    const { code, stdout, stderr } = await soak.exited;
    process.stdout.write(stdout);
    expect({ code, stdout, stderr }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^nothing was lost\nagain: npm run soak -- --minutes 1 --seed \d+/m,
      ) as string,
    });
  },
);

test.each([
  [["--minutes", "x"], /^soak: expected --minutes to be a number/],
  [["--hours", "1"], /^soak: unknown flag --hours/],
  [["10"], /^soak: expected flags alone, got "10"/],
])("a wrong flag (%j) gets one line", async (args, line) => {
  await using soak = run(args, { script });
  const { code, stderr } = await soak.exited;
  expect(code).toBe(2);
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd()).not.toContain("\n");
});
