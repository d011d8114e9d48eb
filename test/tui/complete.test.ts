import { describe, expect, it } from "vitest";
import {
  complete,
  cycleCompletion,
  type CompletionCycle,
} from "../../src/tui/composer/complete.ts";

const sources = {
  nicks: ["carol", "Alice", "alan", "bob"],
  rooms: ["general", "games", "dev"],
  commands: ["/transport", "/transport sse", "/transport websocket", "/top", "/help"],
};

describe("complete", () => {
  it.each<[string, string, string[], number]>([
    ["a nick at the start of a line", "al", ["Alice: ", "alan: "], 0],
    ["a nick within a line", "hi AL", ["Alice ", "alan "], 3],
    ["a nick at the start of the second line", "x\nbo", ["bob: "], 2],
    ["an @nick", "hi @ca", ["@carol "], 3],
    ["a room", "see #ga", ["#games "], 4],
    ["all rooms", "#", ["#general ", "#games ", "#dev "], 0],
    ["a command", "/t", ["/transport ", "/top "], 0],
    ["a command's word", "/transport s", ["/transport sse "], 0],
    ["a nick after a command", "/msg bo", ["bob "], 5],
    ["no command within a text", "a /t", [], 2],
    ["nothing before the cursor", "hi ", [], 3],
    ["nobody", "zz", [], 0],
  ])("offers %s", (_, text, candidates, replaceFrom) => {
    expect(complete(text, text.length, sources)).toEqual({ candidates, replaceFrom });
  });
});

describe("cycleCompletion", () => {
  function tab(
    cycle: CompletionCycle | undefined,
    text: string,
    cursor: number,
    step?: 1 | -1,
  ): CompletionCycle {
    const next = cycleCompletion(cycle, text, cursor, sources, step);
    if (!next) throw new Error("nothing to complete");
    return next;
  }

  it("goes round the candidates, keeping what follows the cursor", () => {
    const first = tab(undefined, "hi al there", 5);
    expect(first).toMatchObject({ text: "hi Alice there", cursor: 8 });
    const second = tab(first, first.text, first.cursor);
    expect(second.text).toBe("hi alan there");
    expect(tab(second, second.text, second.cursor).text).toBe("hi Alice there");
    expect(tab(second, second.text, second.cursor, -1).text).toBe("hi Alice there");
    expect(tab(undefined, "al", 2, -1).text).toBe("alan: ");
  });

  it("begins anew once something was typed", () => {
    const first = tab(undefined, "al", 2);
    const typed = `${first.text}bo`;
    expect(tab(first, typed, typed.length).text).toBe("Alice: bob ");
  });

  it("has nothing for what nobody is called", () => {
    expect(cycleCompletion(undefined, "zz", 2, sources)).toBeUndefined();
  });
});
