import { createContext, use, useSyncExternalStore } from "react";
import type { State } from "../store/state.ts";
import type { Store } from "../store/store.ts";

export const StoreContext = createContext<Store | undefined>(undefined);

/** What a selector takes from the state. Must give the same value for the same state; the component is drawn anew when it changes. */
export function useStore<Selected>(select: (state: State) => Selected): Selected {
  const store = use(StoreContext);
  if (!store) throw new Error("no store: the component is outside of its provider");
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
