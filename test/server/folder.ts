import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder extends AsyncDisposable {
  readonly path: string;
  /** Where a database may go. */
  readonly file: string;
}

/** A folder that goes with the test. */
export async function temporary(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "backchat-server-"));
  return {
    path,
    file: join(path, "rooms.db"),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
