// Loaded into a server before anything else (`node --import`): answers on a socket of its own what memory is in use there.
import { createServer } from "node:http";
import { rmSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** How often the peak is looked for, in ms. */
const SAMPLE_MS = 50;

const path = process.env["BACKCHAT_PROBE"];
if (path !== undefined && isMainThread) answerOn(path);

function answerOn(socket: string): void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  let peak = process.memoryUsage();
  const timer = setInterval(() => {
    const now = process.memoryUsage();
    peak = {
      rss: Math.max(peak.rss, now.rss),
      heapTotal: Math.max(peak.heapTotal, now.heapTotal),
      heapUsed: Math.max(peak.heapUsed, now.heapUsed),
      external: Math.max(peak.external, now.external),
      arrayBuffers: Math.max(peak.arrayBuffers, now.arrayBuffers),
    };
  }, SAMPLE_MS);
  timer.unref();
  const server = createServer((_request, response) => {
    // What one collection sets free may hold something that only the next one finds, and buffers are freed beside the thread.
    gc();
    setTimeout(() => {
      gc();
      const now = process.memoryUsage();
      response.end(JSON.stringify({ now, peak, resources: process.getActiveResourcesInfo() }));
      peak = now;
    }, 20);
  });
  server.listen(socket);
  server.unref();
  process.on("exit", () => rmSync(socket, { force: true }));
}
