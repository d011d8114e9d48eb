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
    chooser.good();
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
