import { useEffect } from "react";
import type { Key } from "../input/key.ts";
import type { Tap } from "../input/tap.ts";

/** Calls back for each key of the terminal, as long as the component is there. */
export function useKeys(tap: Pick<Tap, "subscribe">, onKey: (key: Key) => void): void {
  useEffect(() => tap.subscribe(onKey), [tap, onKey]);
}
