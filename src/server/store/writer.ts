// The thread that writes: commits wait for the disk here, not on the event loop (decisions/001).
import { parentPort, workerData } from "node:worker_threads";
import type { WriterOptions, WriterReply, WriterRequest } from "./messages.ts";
import { reasonOf } from "./reason.ts";
import { StoreError } from "./store.ts";
import { Writing } from "./writing.ts";

function serve(port: NonNullable<typeof parentPort>, options: WriterOptions): void {
  const reply = (message: WriterReply) => port.postMessage(message);
  const fail = (id: number, error: unknown) => {
    const { code, message } =
      error instanceof StoreError
        ? error
        : new StoreError("unwritable", `the store failed: ${reasonOf(error)}`);
    reply({ id, kind: "failed", code, message });
  };
  let writer: Writing;
  try {
    writer = new Writing(options);
  } catch (error) {
    fail(0, error);
    return;
  }
  const { epoch } = writer;
  reply({ id: 0, kind: "done", outcomes: [], epoch });
  port.on("message", (request: WriterRequest) => {
    try {
      const outcomes = request.kind === "append" ? writer.append(request.batch) : [];
      if (request.kind === "nicks") writer.saveNicks(request.leases);
      if (request.kind === "close") writer.close();
      reply({ id: request.id, kind: "done", outcomes, epoch });
      // Last: nothing is sent through a closed port.
      if (request.kind === "close") port.close();
    } catch (error) {
      fail(request.id, error);
    }
  });
}

if (parentPort) serve(parentPort, workerData as WriterOptions);
