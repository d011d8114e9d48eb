import { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store.ts";

/**
 * One server for one database: an exclusive transaction on a file beside it, which the kernel ends with the process, even at
 * kill -9. Closing what is returned ends it as well.
 * @param patience how long to wait for a server that is letting go of it, in ms; blocks the thread
 * @throws StoreError `locked`, `unusable`
 */
export function lock(file: string, patience: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(`${file}-lock`, { timeout: patience });
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
    return database;
  } catch (error) {
    database?.close();
    if (/locked|busy/i.test(text(error))) {
      throw new StoreError("locked", `${file} is in use by another backchat server`, {
        cause: error,
      });
    }
    throw new StoreError("unusable", `${file} can't be opened: ${text(error)}`, { cause: error });
  }
}

/** What anything that was thrown says. */
export function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
