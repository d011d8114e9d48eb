import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { standBy } from "../../src/commands/standby.ts";
import { freePort } from "../support/free-port.ts";

test("standing by where nobody is leaves nothing behind, however often it is tried", async () => {
  const url = new URL(`http://127.0.0.1:${await freePort()}`);
  const { signal } = new AbortController();
  for (let tries = 0; tries < 10; tries++) {
    expect(await standBy(url, () => {}, signal)).toBe("none");
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
