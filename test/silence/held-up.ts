// A session in a process that can be held up: `held-up.ts URL TRANSPORT`. Prints the states of its links; on SIGUSR2 it does nothing else for BUSY_MS.
import { Session } from "../../src/client/session.ts";
import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import { openWire } from "../../src/transports/shared/client/wire.ts";
import type { TransportName } from "../../src/transports/transport.ts";

const [url = "", transport = "", busyMs = "0"] = process.argv.slice(2);
const session = new Session({
  wire: openWire(new URL(url)),
  transports: CLIENT_TRANSPORTS,
  transport: transport as TransportName,
  topics: new Map([["room:lobby", "beginning"]]),
  pollInterval: { min: 50, max: 200 },
  pingInterval: 100,
});
session.listen((notice) => {
  if (notice.kind === "link") process.stdout.write(`${notice.state} ${notice.reason ?? ""}\n`);
});
process.on("SIGUSR2", () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(busyMs));
  process.stdout.write("back\n");
});
session.start();
