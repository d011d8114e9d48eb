import { TRANSPORTS, type TransportName } from "../../client/transport-names.ts";
import { reasonOf } from "../store/notices.ts";
import { transportLabel, transportShort } from "../view/format.ts";
import { type Context, print } from "./context.ts";

/** Swap to the transport after the one in use, or after the one that a swap is on its way to. */
export function swapToNext(context: Context): void {
  const { link } = context.store.get();
  const from = TRANSPORTS.indexOf(link.swapping ?? link.transport);
  swapTo(context, TRANSPORTS[(from + 1) % TRANSPORTS.length]!);
}

/** Swap at once. While it is under way the status bar says so; how it went is told in the log. */
export function swapTo(context: Context, transport: TransportName): void {
  const { store, session } = context;
  store.dispatch({ kind: "swap-wanted", transport });
  session.swap(transport).catch((error: unknown) => {
    const { link } = store.get();
    // Another swap took its place: that one tells how it went.
    if (link.swapping !== transport) return;
    store.dispatch({ kind: "swap-wanted", transport: undefined });
    const rest = link.state === "live" ? `; ${transportLabel(link.transport)} goes on` : "";
    print(context, [`no swap to ${transportLabel(transport)}: ${reasonOf(error)}${rest}`], "error");
  });
}

/** The transport that somebody means. */
export function transportNamed(name: string): TransportName | undefined {
  const wanted = name.toLowerCase();
  return TRANSPORTS.find(
    (transport) => transport === wanted || transportShort(transport) === wanted,
  );
}
