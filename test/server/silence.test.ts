import { expect, test } from "vitest";
import { start } from "./support.ts";

const STREAMS = ["sse", "websocket"] as const;

test.each(STREAMS)("%s: a link on which nothing happens is never silent", async (kind) => {
  await using server = await start({ heartbeat: 100 });
  const link = await server[kind]("topic=room:a");
  expect(await link.frame("welcome")).toMatchObject({ heartbeat: 100 });
  const beats = () => link.frames.filter((frame) => frame.kind === "heartbeat").length;
  await link.until(() => beats() >= 5, "five heartbeats");
});

test.each(STREAMS)(
  "%s: who names its link and is not heard of is ended as silent",
  async (kind) => {
    await using server = await start({ heartbeat: 100 });
    const link = await server[kind]("topic=room:a&link=s.1");
    expect(await link.frame("error")).toMatchObject({ code: "silent" });
    expect(await link.end()).toBe(kind === "websocket" ? 4408 : 0);
  },
);

test.each([
  ["websocket", "pings"],
  ["sse", "posts pings"],
  ["sse", "publishes"],
] as const)("%s: who %s is heard of", async (kind, how) => {
  await using server = await start({ heartbeat: 400 });
  const link = await server[kind]("topic=room:a&link=s.1");
  const witness = await server.websocket("topic=room:a&link=t.1");
  const life = new AbortController();
  const living = (async () => {
    for (let id = 1; !life.signal.aborted; id++) {
      if (how === "posts pings") await server.post(`/v1/ping?link=s.1&id=${id}`);
      else if (how === "publishes") await server.post("/v1/publish?topic=room:b&link=s.1", "x");
      else {
        link.send({ kind: "ping", id });
        await link.frame("pong", (pong) => pong.id === id);
      }
    }
  })();
  // Opened after the other one and silent: once it is ended the other one's time was up as well.
  await witness.frame("error");
  life.abort();
  await living;
  expect(link.closed).toBeUndefined();
  if (how !== "publishes") await link.frame("pong");
});

test("a reader that doesn't name its link needs to say nothing", async () => {
  await using server = await start({ heartbeat: 100 });
  const link = await server.sse("topic=room:a");
  const witness = await server.websocket("topic=room:a&link=t.1");
  await witness.frame("error");
  await server.say("room:a", ["still there"]);
  await link.heard("room:a", 1);
});
