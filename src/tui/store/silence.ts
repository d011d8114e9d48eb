import { PING_MS, type Session } from "../../client/session.ts";
import type { Store } from "./store.ts";

/** A ping that is answered late is no silence yet, in ms. */
const LATE_MS = 2_000;
const QUIET_MS = PING_MS + LATE_MS;

/** Tells for how long a link has been quiet that should not be: long before it is given up. */
export function silence(session: Pick<Session, "quietFor">, store: Store): Disposable {
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const { quietFor } = session;
    const quiet = quietFor >= QUIET_MS;
    store.absorb([{ kind: "quiet", seconds: quiet ? Math.floor(quietFor / 1_000) : 0 }]);
    timer = setTimeout(look, quiet ? 1_000 : QUIET_MS - quietFor);
  };
  look();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
