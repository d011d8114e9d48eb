import { describe, expect, test } from "vitest";
import { Chooser } from "../../src/client/chooser.ts";
import { ProtocolError } from "../../src/protocol/errors.ts";
import { LinkError, type LinkFailure } from "../../src/transports/transport.ts";

const failure = (kind: LinkFailure) => new LinkError(kind, "test");
const draining = new LinkError("closed", "the server is stopping", { after: 900 });

/** The transport in use fails in these ways, one after another. */
function fail(chooser: Chooser, ...failures: (LinkFailure | LinkError)[]): boolean {
  let hopeless = false;
  for (const one of failures) {
    hopeless = chooser.failed(chooser.current, typeof one === "string" ? failure(one) : one);
  }
  return hopeless;
}

describe("auto", () => {
  test("begins with the best one", () => {
    expect(new Chooser("auto").current).toBe("websocket");
    expect(new Chooser("auto", ["sse", "polling"]).current).toBe("sse");
  });

  test.each(["blocked", "silent", "broken"] as const)(
    "goes on to the next at once where a path is %s",
    (kind) => {
      const chooser = new Chooser("auto");
      expect(fail(chooser, kind)).toBe(false);
      expect(chooser.current).toBe("sse");
    },
  );

  test("goes on only after three links that died young", () => {
    const chooser = new Chooser("auto");
    fail(chooser, "closed", "closed");
    expect(chooser.current).toBe("websocket");
    fail(chooser, "closed");
    expect(chooser.current).toBe("sse");
  });

  test("forgets deaths once a link was good", () => {
    const chooser = new Chooser("auto");
    fail(chooser, "closed", "closed");
    chooser.good("websocket");
    fail(chooser, "closed", "closed");
    expect(chooser.current).toBe("websocket");
  });

  test("doesn't blame a transport for a server that can't be reached, however often", () => {
    const chooser = new Chooser("auto");
    expect(fail(chooser, "unreachable", "unreachable", "unreachable", "unreachable")).toBe(true);
    expect(chooser.current).toBe("websocket");
  });

  test("doesn't blame a transport for what the server itself says: a restart pushes nobody down", () => {
    const chooser = new Chooser("auto");
    const refusal = new LinkError("refused", "stopping", {
      refusal: new ProtocolError("draining", "stopping", { after: 5 }),
    });
    fail(chooser, draining, draining, draining, draining, refusal, refusal, refusal, refusal);
    expect(chooser.current).toBe("websocket");
  });

  test("tells when all have failed, and begins again", () => {
    const chooser = new Chooser("auto");
    expect(fail(chooser, "blocked", "blocked", "blocked")).toBe(false);
    expect(chooser.current).toBe("polling");
    expect(fail(chooser, "blocked")).toBe(true);
    expect(chooser.current).toBe("websocket");
    expect(fail(chooser, "blocked")).toBe(false);
  });

  test("isn't told anything by a transport that was only tried by hand", () => {
    const chooser = new Chooser("auto");
    expect(chooser.failed("polling", failure("blocked"))).toBe(false);
    expect(chooser.current).toBe("websocket");
  });
});

describe("what is held against a transport", () => {
  /** A chooser on a clock of its own; verdicts stand for exactly as long as they must. */
  function timed(): { chooser: Chooser; pass: (ms: number) => void } {
    let time = 0;
    const chooser = new Chooser(
      "auto",
      undefined,
      () => time,
      () => 0,
    );
    return { chooser, pass: (ms) => (time += ms) };
  }
  const SECOND = 1_000;

  // centrifuge-js#432: the choice was never revisited
  test("runs out: the best one is tried again", () => {
    const { chooser, pass } = timed();
    fail(chooser, "blocked");
    chooser.live("sse");
    expect(chooser.better("sse")).toEqual({ transport: "websocket", ms: 20 * SECOND });
    pass(19 * SECOND);
    chooser.good("sse");
    expect(chooser.current).toBe("sse");
    pass(SECOND);
    expect(chooser.better("sse")).toEqual({ transport: "websocket", ms: 0 });
    expect(chooser.current).toBe("websocket");
  });

  // phoenix#6766, SignalR#4686, centrifuge-js#426: flaps for ever
  test("weighs twice as much each time, up to an hour: where WebSocket is blocked nobody flaps", () => {
    const { chooser, pass } = timed();
    const stands: number[] = [];
    fail(chooser, "blocked");
    for (let probe = 0; probe < 10; probe++) {
      chooser.live("sse");
      chooser.good("sse");
      const { ms } = chooser.better("sse")!;
      stands.push(ms / SECOND);
      pass(ms);
      // It opens, brings something, and dies: one young death is enough now.
      chooser.live("websocket");
      chooser.died("websocket", failure("closed"));
      expect(chooser.current).toBe("sse");
    }
    expect(stands).toEqual([20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]);
  });

  test("is forgotten once it was good", () => {
    const { chooser, pass } = timed();
    fail(chooser, "blocked");
    pass(20 * SECOND);
    chooser.good("websocket");
    fail(chooser, "closed", "closed");
    expect(chooser.current).toBe("websocket");
  });

  test("is spread: of many sessions not all try again at once", () => {
    const chooser = new Chooser(
      "auto",
      undefined,
      () => 0,
      () => 1,
    );
    fail(chooser, "blocked");
    expect(chooser.better("sse")?.ms).toBe(30 * SECOND);
  });

  test("isn't the page that a proxy shows while the server is away, on a path that worked before", () => {
    const { chooser } = timed();
    chooser.live("websocket");
    fail(chooser, "blocked", "blocked");
    expect(chooser.current).toBe("websocket");
    fail(chooser, "blocked");
    expect(chooser.current).toBe("sse");
  });

  test("isn't that links die while the server is killed again and again: between them there is none", () => {
    const { chooser } = timed();
    for (let kill = 0; kill < 10; kill++)
      fail(chooser, "closed", "unreachable", "closed", "unreachable");
    expect(chooser.current).toBe("websocket");
  });

  // electric#4137, aspnetcore#20500: the one way round and the other
  test("isn't an early end of SSE, but three of them are", () => {
    const { chooser } = timed();
    fail(chooser, "blocked");
    chooser.live("sse");
    for (const end of [draining, failure("closed"), failure("closed")]) chooser.died("sse", end);
    expect(chooser.current).toBe("sse");
    chooser.died("sse", failure("closed"));
    expect(chooser.current).toBe("long-polling");
  });

  test("is nothing to a named transport: there is no way back from what was chosen", () => {
    const { chooser } = timed();
    fail(chooser, "blocked");
    chooser.choose("polling");
    expect(chooser.better("polling")).toBeUndefined();
  });
});

describe("a named transport", () => {
  test("is kept whatever happens", () => {
    const chooser = new Chooser("long-polling");
    expect(fail(chooser, "blocked")).toBe(true);
    fail(chooser, "silent", "closed", "closed", "closed", "closed");
    expect(chooser.current).toBe("long-polling");
  });

  test("can be chosen later", () => {
    const chooser = new Chooser("auto");
    chooser.choose("polling");
    fail(chooser, "blocked");
    expect(chooser.current).toBe("polling");
  });
});
