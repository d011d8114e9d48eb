import { MemoryStore } from "../../src/server/store/memory.ts";
import { openSqlite } from "../../src/server/store/sqlite.ts";
import type { Append, Store } from "../../src/server/store/store.ts";
import { temporary } from "./folder.ts";

interface OpenedStore extends AsyncDisposable {
  readonly store: Store;
}

/** Every store there is. Each has to pass store.test.ts; a new one is one more line. */
export const STORES: Readonly<Record<string, (retain: number) => Promise<OpenedStore>>> = {
  async memory(retain) {
    const store = new MemoryStore(retain);
    return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  },
  async sqlite(retain) {
    const folder = await temporary();
    const store = await openSqlite(folder.file, retain);
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  },
};

/** A publish on its way into the store. */
export function append(producer: string, number: number, fields: Partial<Append> = {}): Append {
  return {
    producer,
    number,
    topic: "room:a",
    at: 1_000 + number,
    from: "bob",
    body: JSON.stringify(`${producer} ${number}`),
    ...fields,
  };
}
