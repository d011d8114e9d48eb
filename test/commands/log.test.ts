import { existsSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLog } from "../../src/commands/log.ts";

test("a log on a full disk ends nothing", async () => {
  expect(existsSync("/dev/full"), "this test needs /dev/full, as Linux has it").toBe(true);
  const log = openLog("/dev/full", { base: null });
  for (let line = 0; line < 3; line++) {
    log.error("nothing of this can be written");
    await turn();
  }
});
