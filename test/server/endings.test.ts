import { request } from "undici";
import { expect, test } from "vitest";
import { start } from "./support.ts";

test("a browser that is cut off before its first event resumes where it was synced", async () => {
  await using server = await start();
  const query = "topic=room:a&topic=room:b";
  const { body } = await request(`${server.url}/v1/sse?${query}`);
  let text = "";
  for await (const chunk of body as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (/^id:.*\n\n/m.test(text)) break;
  }
  const id = /^id:(.*)$/m.exec(text)?.[1];
  expect(text.indexOf("synced")).toBeLessThan(text.indexOf("id:"));
  await server.say("room:a", ["missed"]);
  const link = await server.sse(query, { "last-event-id": id! });
  const [event] = await link.heard("room:a", 1);
  expect(event).toMatchObject({ offset: 1, body: { text: "missed" } });
});

test("blank lines between the frames of a message are passed over", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a&link=abc.1");
  await link.frame("synced");
  link.send('\n{"kind":"ping","id":1}\n\n{"kind":"ping","id":2}\n');
  expect((await link.frame("pong")).id).toBe(1);
  expect(link.frames.some(({ kind }) => kind === "error")).toBe(false);
});

test("HEAD of the event stream is answered and over", async () => {
  await using server = await start();
  const { status, headers } = await server.ask("HEAD", "/v1/sse?topic=room:a", undefined);
  expect(status).toBe(200);
  expect(headers["content-type"]).toMatch("text/event-stream");
  const { text } = await server.get("/healthz");
  expect(text).toMatch('"links":0');
});

test("a message of very many lines ends its link before any of them is read", async () => {
  await using server = await start();
  const link = await server.websocket("topic=room:a");
  await link.frame("synced");
  link.send("x\n".repeat(500_000));
  const error = await link.frame("error");
  expect(error).toMatchObject({
    code: "bad-request",
    message: expect.stringMatching(/256 frames/),
  });
  expect(link.frames.filter(({ kind }) => kind === "error")).toHaveLength(1);
  expect(await link.end()).toBe(4400);
});
