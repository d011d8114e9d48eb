import { expect, test } from "vitest";
import { request } from "undici";
import { Client } from "../client/support/client.ts";
import { keep } from "../client/support/keep.ts";
import { serve } from "../client/support/server.ts";
import { eventually } from "../client/support/wait.ts";
import type { LinkNotice } from "../../src/client/events.ts";

const MAX_LINKS = 10;

async function linksOf(url: URL): Promise<number> {
  const { body } = await request(new URL("/healthz", url));
  return ((await body.json()) as { links: number }).links;
}

test("a full server takes in no more than it can, and who is refused comes in when there is room: nobody gives up", async () => {
  const server = keep(await serve({ maxLinks: MAX_LINKS }));
  const clients = Array.from({ length: 3 * MAX_LINKS }, (_, index) => {
    const transport = (["websocket", "sse", "auto"] as const)[index % 3]!;
    return keep(new Client(server.url, transport, { wait: true }));
  });
  for (const { session } of clients) session.start();
  const count = (state: LinkNotice["state"]) =>
    clients.filter(({ notices }) =>
      notices.items.some((notice) => notice.kind === "link" && notice.state === state),
    ).length;
  await eventually("everybody to be in or refused", () => count("live") + count("waiting") === 30);
  expect(await linksOf(server.url)).toBe(MAX_LINKS);
  const refused = clients.filter(({ session }) => session.status.state === "waiting");
  expect(refused).toHaveLength(2 * MAX_LINKS);
  const waits = refused.map(({ notices }) => {
    const wait = notices.items.find(
      (notice): notice is LinkNotice => notice.kind === "link" && notice.state === "waiting",
    );
    return wait!;
  });
  for (const { ms, reason } of waits) {
    expect(reason).toMatch(/limit of 10 links/);
    expect(ms).toBeGreaterThan(2_500);
    expect(ms).toBeLessThan(8_000 + 1);
  }
  // Not all at once: of 20 that were told so together, at most half come in any quarter of that time.
  const sorted = waits.map(({ ms }) => ms!).toSorted((a, b) => a - b);
  const together = sorted.map((ms) => sorted.filter((other) => other >= ms && other < ms + 1_250));
  expect(Math.max(...together.map(({ length }) => length))).toBeLessThanOrEqual(refused.length / 2);

  // Whoever was in makes room.
  const leaving = clients.filter(({ session }) => session.status.state === "live");
  for (const client of leaving) await client.close();
  let most = 0;
  const watching = new AbortController();
  const watch = (async () => {
    while (!watching.signal.aborted) most = Math.max(most, await linksOf(server.url));
  })();
  // Each stays for a moment only, so that all get their turn.
  await Promise.all(
    refused.map(async (client) => {
      await client.notices.first(
        "being live",
        (notice) => notice.kind === "link" && notice.state === "live",
        0,
        40_000,
      );
      await client.close();
    }),
  );
  watching.abort();
  await watch;
  expect(most).toBeLessThanOrEqual(MAX_LINKS);
  expect(
    refused.every(
      ({ session }) =>
        session.status.transport === "websocket" || session.status.transport === "sse",
    ),
  ).toBe(true);
}, 60_000);

test("a swap that a full server has no room for fails, and the old link goes on", async () => {
  const server = keep(await serve({ maxLinks: 1 }));
  const client = keep(await Client.live(server.url, "websocket"));
  await expect(client.session.swap("sse")).rejects.toMatchObject({
    failure: "refused",
    refusal: { code: "too-many-links" },
  });
  await client.session.publish("room:lobby", "still here");
  expect(await client.received(1)).toEqual(["still here"]);
  expect(client.session.status).toMatchObject({ state: "live", transport: "websocket" });
});
