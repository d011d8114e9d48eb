import { describe, expect, it, vi } from "vitest";
import { currentRoom } from "../../src/tui/store/state.ts";
import { Client } from "./support/client.ts";
import { LOBBY } from "./support/states.ts";

const lines = ({ state }: Client) =>
  currentRoom(state).entries.flatMap((entry) => (entry.kind === "line" ? [entry.text] : []));

function typed(command: string, client = new Client()): Client {
  client.type(`${command}\r`);
  return client;
}

describe("commands", () => {
  it("join a room with its presence, with or without #, and only once", () => {
    const client = typed("/join #dev");
    expect([...client.topics]).toEqual(["room:dev", "who:dev"]);
    expect(client.state.current).toBe("room:dev");
    typed("/join lobby", client);
    typed("/join dev", client);
    expect(client.state.rooms).toHaveLength(2);
    expect(client.state.current).toBe("room:dev");
  });

  it("say what is wrong with a room's name; the history keeps the text", () => {
    const client = typed("/join two words");
    expect(client.state.notice).toMatchObject({
      tone: "error",
      text: expect.stringContaining("no blanks") as string,
    });
    expect(currentRoom(client.state).composer.text).toBe("");
    client.type("\x1b[A");
    expect(currentRoom(client.state).composer.text).toBe("/join two words");
  });

  it("leave a room and its presence, but not the last one", () => {
    const client = typed("/part", typed("/join dev"));
    expect([...client.topics]).toEqual([]);
    expect(client.state.current).toBe(LOBBY);
    expect(typed("/part", client).state.notice?.text).toMatch(/only room/);
    expect(typed("/part nowhere", new Client()).state.notice?.text).toBe("not in #nowhere");
  });

  it("publish actions and topic lines", () => {
    const client = typed("/topic release on Friday", typed("/me waves"));
    expect(client.published.map(({ body }) => body)).toEqual([
      { text: "waves", me: true },
      { line: "release on Friday" },
    ]);
  });

  it("change the nick", async () => {
    const client = typed("/nick ally");
    client.status = { ...client.status, nick: "ally" };
    await vi.waitFor(() => expect(client.state.nick).toBe("ally"));
    expect(client.nicks).toEqual(["ally"]);
    expect(lines(client)).toEqual(["you are ally now"]);
  });

  it("list rooms, cleaned", async () => {
    const client = new Client();
    client.rooms = [
      { topic: "room:dev", line: "\x1b[2Jall of it", head: 7, at: 0, present: ["bob"] },
    ];
    typed("/rooms", client);
    await vi.waitFor(() =>
      expect(lines(client)).toEqual(["#dev  1 online, 7 messages — all of it"]),
    );
  });

  it("swap to a transport by its name, long or short", () => {
    const client = typed("/transport lp", typed("/transport sse"));
    expect(client.swaps.map(({ transport }) => transport)).toEqual(["sse", "long-polling"]);
    expect(typed("/transport pigeon").state.notice?.text).toMatch(
      /^no transport pigeon: expected websocket, sse/,
    );
  });

  it("do what keys do", () => {
    expect(typed("/quit").quits).toBe(1);
    expect(typed("/help").state.overlay?.kind).toBe("help");
    expect(typed("/redraw").state.redraws).toBe(1);
  });

  it.each([
    ["/jion dev", "/join"],
    ["/trans", "/transport"],
    ["/quti", "/quit"],
  ])("guess what %s means", (command, meant) => {
    expect(typed(command).state.notice?.text).toContain(`did you mean ${meant}?`);
  });

  it("need their arguments", () => {
    for (const command of ["/join", "/nick", "/me"])
      expect(typed(command).state.notice?.text).toMatch(/^expected \/\w+ [A-Z]+$/);
  });

  it("aren't texts, unless the slash is doubled", () => {
    const client = typed("//etc/hosts", typed("/nonsense"));
    expect(client.published.map(({ body }) => body)).toEqual([{ text: "/etc/hosts" }]);
  });
});
