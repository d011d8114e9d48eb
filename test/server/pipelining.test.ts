import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { start } from "./support.ts";

// An answer that nobody reads is given up after 15 s: this one is held for 17 s, behind one that was read.
test("an answer that was read takes nothing from the one after it on its connection", async () => {
  await using server = await start({ heartbeat: 19_000 });
  const { cursor } = (await server.get("/v1/polling?topic=room:a")).frames.at(-1) as {
    cursor: string;
  };
  const socket = connect(server.port, "127.0.0.1");
  let answers = "";
  socket.on("data", (bytes) => (answers += bytes.toString()));
  for (const path of ["polling?topic=room:a", `long-polling?cursor=${cursor}`]) {
    socket.write(`GET /v1/${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  }
  while (!answers.includes("HTTP/1.1 204")) {
    await Promise.race([once(socket, "data"), once(socket, "close")]);
    expect(socket.closed).toBe(false);
  }
  expect(answers).toContain("HTTP/1.1 200");
  socket.destroy();
}, 60_000);
