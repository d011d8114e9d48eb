import { statSync } from "node:fs";
import { StoreError } from "./store.ts";

/**
 * The files of an open database. A file that is moved, replaced or deleted can still be written to, and nobody would find there what was
 * written.
 */
export class DatabaseFiles {
  readonly #file: string;
  /** path → which file it was when it was first seen */
  readonly #seen = new Map<string, string>();

  constructor(file: string) {
    this.#file = file;
  }

  /** To be called before a commit. @throws StoreError `unwritable` while they aren't where they were */
  check(): void {
    for (const path of [this.#file, `${this.#file}-wal`]) {
      const now = identify(path);
      const before = this.#seen.get(path);
      if (before === now) continue;
      if (before !== undefined) {
        throw new StoreError(
          "unwritable",
          `${path} was moved, replaced or deleted: put it back, or restart the server`,
        );
      }
      if (now !== undefined) this.#seen.set(path, now);
    }
  }
}

function identify(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.dev}.${stat.ino}`;
}
