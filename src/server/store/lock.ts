import { DatabaseSync } from "node:sqlite";
import { isBusy, isNoDatabase, reasonOf } from "./reason.ts";
import { StoreError } from "./store.ts";

/**
 * One server for one database: an exclusive transaction on a file beside it, which the kernel ends with the process, even at
 * kill -9. Closing what is returned ends it as well.
 * @param patience how long to wait for a server that is letting go of it, in ms; blocks the thread
 * @throws StoreError `locked`, `unusable`
 */
export function lock(file: string, patience: number): DatabaseSync {
  const path = `${file}-lock`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: patience });
    // Where the file is read-only SQLite locks nothing, and says so only at the first write. This one is never committed.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1;");
    return database;
  } catch (error) {
    database?.close();
    if (isBusy(error)) {
      throw new StoreError("locked", `${file} is in use by another backchat server`, {
        cause: error,
      });
    }
    const what = isNoDatabase(error)
      ? `${path} is not backchat's: move it away`
      : `${file} can't be used: ${reasonOf(error)}`;
    throw new StoreError("unusable", what, { cause: error });
  }
}
