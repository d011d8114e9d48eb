import { once } from "node:events";
import { ServerApi } from "../client/api.ts";
import { openWire } from "../transports/shared/client/wire.ts";
import { LinkError } from "../transports/transport.ts";

/** How standing by ended. `gone`: the server has ended the connection · `none`: there was none to be had · `foreign`: something else answered */
export type StandbyEnd = "gone" | "none" | "foreign";

/**
 * Hold an idle connection to a server: when its process ends, however it ends, so does the connection, at once. (Servers also end
 * connections that are idle for long.) Never rejects.
 * @param answered called when the server has answered
 */
export async function standBy(
  url: URL,
  answered: () => void,
  signal: AbortSignal,
): Promise<StandbyEnd> {
  await using wire = openWire(url);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const ended = once(wire.pool, "disconnect", { signal: either }).catch(() => {});
  const health = new ServerApi(wire).health().then(() => {
    answered();
    return ended;
  });
  try {
    // The first to settle: a server that stays silent is left at once when the signal says so.
    await Promise.race([health, ended]);
    return "gone";
  } catch (error) {
    return error instanceof LinkError && error.failure === "blocked" ? "foreign" : "none";
  } finally {
    over.abort();
    health.catch(() => {});
  }
}
