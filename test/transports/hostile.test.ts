// What answers isn't always our server, and our server isn't always well.
import type { ServerResponse } from "node:http";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { WebSocket } from "ws";
import { describe, expect, test } from "vitest";
import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import { LinkError, TRANSPORTS, type TransportName } from "../../src/transports/transport.ts";
import { type FakeAnswers, startFakeServer } from "../client/support/fake-server.ts";
import { within } from "../client/support/wait.ts";
import { certificate, key } from "./support/certificate.ts";
import { nothingMoreThan, openHandles } from "./support/handles.ts";
import { Probe } from "./support/probe.ts";

const HTML = "<!doctype html><title>Welcome to the hotel</title>";

/** How a link to this server fails, at once or after it was open. */
async function failure(transport: TransportName, answers: FakeAnswers): Promise<LinkError> {
  const before = openHandles();
  let error: unknown;
  {
    await using server = await startFakeServer(answers);
    try {
      await using probe = await Probe.open(CLIENT_TRANSPORTS.get(transport)!, server.url);
      error = await within(10_000, "the end of the link", probe.ended);
    } catch (thrown) {
      error = thrown;
    }
  }
  expect(error).toBeInstanceOf(LinkError);
  await nothingMoreThan(before);
  return error as LinkError;
}

/** The same answer to a request and to an upgrade. */
function everywhere(
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): FakeAnswers {
  const all = {
    "content-type": type,
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  return {
    request: (_, response) => void response.writeHead(status, all).end(body),
    upgrade: (socket) => {
      const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(
        `HTTP/1.1 ${status} Whatever\r\nconnection: close\r\n${lines.join("")}\r\n${body}`,
      );
    },
  };
}

/** One frame's text, framed as each transport does. */
function saying(text: string): FakeAnswers {
  return {
    request: ({ url = "" }, response) => {
      const sse = url.startsWith("/v1/sse");
      response.writeHead(200, {
        "content-type": sse ? "text/event-stream" : "application/x-ndjson",
      });
      if (sse) response.write(`data: ${text}\n\n`);
      else response.end(`${text}\n`);
    },
    websocket: (websocket) => websocket.send(text),
  };
}

function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
}

describe.each(TRANSPORTS)("%s", (transport) => {
  test.each([
    ["a page in its place", everywhere(200, "text/html", HTML)],
    [
      "a page that never ends",
      {
        request: (_, response) => {
          response.writeHead(200, { "content-type": "text/html" });
          response.write(HTML);
        },
        upgrade: (socket) =>
          socket.end("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n"),
      } satisfies FakeAnswers,
    ],
    ["a proxy whose server is gone", everywhere(502, "text/html", "<h1>Bad gateway</h1>")],
    [
      "a proxy that says so in JSON",
      everywhere(502, "application/json", `{"message":"Bad gateway"}`),
    ],
    [
      "a captive portal",
      everywhere(302, "text/html", "", { location: "http://portal.example/login" }),
    ],
    ["a refused upgrade", everywhere(403, "text/plain", "no")],
  ])("is blocked by %s", async (_, answers) => {
    const error = await failure(transport, answers);
    expect(error).toMatchObject({ failure: "blocked", retryable: true });
    expect(error.message).toMatch(/^expected an answer of a backchat server, got status \d+/);
  });

  test("is blocked by what doesn't speak HTTP", async () => {
    const server = createServer(
      (socket) => void socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.7\r\n"),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const opening = Probe.open(
      CLIENT_TRANSPORTS.get(transport)!,
      new URL(`http://127.0.0.1:${port}`),
    );
    await expect(opening).rejects.toMatchObject({ name: "LinkError", failure: "blocked" });
    server.close();
  });

  test("is blocked by a certificate that nobody vouches for", async () => {
    const server = createTlsServer({ cert: certificate, key });
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const opening = Probe.open(
      CLIENT_TRANSPORTS.get(transport)!,
      new URL(`https://127.0.0.1:${port}`),
    );
    await expect(opening).rejects.toMatchObject({ name: "LinkError", failure: "blocked" });
    server.close();
  });

  test.each([
    ["what isn't JSON", "hello?"],
    ["an event without an offset", "[1]"],
    ["a frame with a wrong field", `{"kind":"topic","n":-1}`],
    ["JSON that is no frame", "17"],
  ])("is broken by %s", async (_, text) => {
    const error = await failure(transport, saying(text));
    expect(error).toMatchObject({ failure: "broken", retryable: true });
  });

  test("is broken by more than any frame or answer holds", async () => {
    const error = await failure(transport, {
      request: ({ url = "" }, response) => {
        const sse = url.startsWith("/v1/sse");
        response.writeHead(200, {
          "content-type": sse ? "text/event-stream" : "application/x-ndjson",
        });
        if (sse) response.write("data: ");
        pour(response);
      },
      websocket: (websocket: WebSocket) =>
        websocket.on("error", () => {}).send("x".repeat(5 * 1024 * 1024)),
    });
    expect(error.failure).toBe("broken");
  });

  test("is refused by a server of another version", async () => {
    const body = `{"kind":"error","code":"unsupported-version","message":"this server speaks version 2"}`;
    const error = await failure(transport, everywhere(404, "application/json", body));
    expect(error).toMatchObject({
      failure: "refused",
      retryable: false,
      message: "this server speaks version 2",
    });
  });

  test("is refused by a server that is stopping, with when to come back", async () => {
    const body = `{"kind":"error","code":"draining","message":"the server is stopping","after":1200}`;
    const error = await failure(transport, everywhere(503, "application/json", body));
    expect(error).toMatchObject({ failure: "refused", retryable: true, after: 1200 });
  });

  test("is closed by a connection that is reset before it answers", async () => {
    const error = await failure(transport, {
      request: (_, response) => void response.socket?.resetAndDestroy(),
      upgrade: (socket) => socket.destroy(),
    });
    expect(error.failure).toBe("closed");
  });

  test("is closed by a connection that is reset in the middle of an answer", async () => {
    const error = await failure(transport, {
      request: ({ url = "" }, response) => {
        const sse = url.startsWith("/v1/sse");
        response.writeHead(200, {
          "content-type": sse ? "text/event-stream" : "application/x-ndjson",
          "content-length": "100",
        });
        response.write(sse ? ": half" : `{"kind":`, () => response.socket?.resetAndDestroy());
      },
      websocket: (websocket) => {
        websocket.on("error", () => {});
        websocket.send("", () => websocket.terminate());
      },
    });
    expect(error.failure).toBe("closed");
  });

  test("ignores frames and fields that it doesn't know", async () => {
    const text = `{"kind":"hologram"}\n{"kind":"heartbeat","since":3}`;
    const lines = text.split("\n");
    await using server = await startFakeServer({
      request: ({ url = "" }, response) => {
        const sse = url.startsWith("/v1/sse");
        response.writeHead(200, {
          "content-type": sse ? "text/event-stream; charset=utf-8" : "application/x-ndjson",
        });
        if (sse) response.write(lines.map((line) => `data: ${line}\n\n`).join(""));
        else response.end(`${text}\n`);
      },
      websocket: (websocket) => websocket.send(text),
    });
    await using probe = await Probe.open(CLIENT_TRANSPORTS.get(transport)!, server.url);
    expect(await probe.first("heartbeat")).toEqual({ kind: "heartbeat" });
    expect(probe.frames.items[0]?.kind).toBe("heartbeat");
  });
});

describe("an answer to what is posted", () => {
  const SYNCED = `{"kind":"synced","cursor":""}`;

  test.each(TRANSPORTS.filter((name) => name !== "websocket"))(
    "over %s fails the sending, not the process",
    async (transport) => {
      await using server = await startFakeServer({
        request: ({ url = "", method }, response) => {
          const sse = url.startsWith("/v1/sse");
          if (method === "POST") response.writeHead(200, { "content-type": "text/html" }).end(HTML);
          else if (sse)
            response
              .writeHead(200, { "content-type": "text/event-stream" })
              .write(`data: ${SYNCED}\n\n`);
          else if (url.startsWith("/v1/polling") || url.endsWith("&hold=0"))
            response.writeHead(200, { "content-type": "application/x-ndjson" }).end(SYNCED);
        },
      });
      await using probe = await Probe.open(CLIENT_TRANSPORTS.get(transport)!, server.url);
      await probe.first("synced");
      await expect(probe.publish([1])).rejects.toMatchObject({
        name: "LinkError",
        failure: "blocked",
      });
    },
  );
});

describe("an SSE stream", () => {
  test("may come in pieces of any size, with comments between", async () => {
    const text = `: hello\n\ndata: {"kind":"error","code":"x","message":"čtvrtek 🎈"}\r\n\r\n:\n\ndata: {"kind":"heartbeat"}\n\n`;
    const bytes = Buffer.from(text);
    await using server = await startFakeServer({
      request: (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const byte of bytes) response.write(Buffer.of(byte));
      },
    });
    await using probe = await Probe.open(CLIENT_TRANSPORTS.get("sse")!, server.url);
    expect(await probe.first("error")).toMatchObject({ message: "čtvrtek 🎈" });
    await probe.first("heartbeat");
  });
});

describe("a WebSocket handshake", () => {
  test("is blocked by an upgrade that isn't an answer to ours", async () => {
    const error = await failure("websocket", {
      upgrade: (socket) =>
        void socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: cached\r\n\r\n",
        ),
    });
    expect(error.failure).toBe("blocked");
  });
});
