import { readFile, stat } from "node:fs/promises";
import { FeedError } from "./feed-error.ts";

const MAX_MIB = 64;
const ANOTHER = "name another file";

/**
 * The text of a regular file of at most 64 MiB, read as UTF-8: a byte order mark is dropped, bytes
 * that aren't UTF-8 become U+FFFD.
 * @param name what to call the file in an error
 * @throws FeedError `missing`, `not-a-file`, `too-large`, `empty` or `unreadable`
 */
export async function readTextFile(file: string, name: string): Promise<string> {
  // Asked before it is opened: opening a pipe would wait for its writer.
  const stats = await stat(file).catch((error: unknown) => fail(error, name));
  if (!stats.isFile()) {
    const came = stats.isDirectory() ? "a folder" : "a device or pipe";
    throw new FeedError("not-a-file", `${name}: expected a CSV file, came ${came}; ${ANOTHER}`);
  }
  if (stats.size > MAX_MIB * 2 ** 20) {
    const came = `${(stats.size / 2 ** 20).toFixed(1)} MiB`;
    throw new FeedError(
      "too-large",
      `${name}: expected at most ${MAX_MIB} MiB, came ${came}; play a shorter part of it`,
    );
  }
  const bytes = await readFile(file).catch((error: unknown) => fail(error, name));
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") {
    throw new FeedError(
      "empty",
      `${name}: expected a header and rows of prices, came an empty file; ${ANOTHER}`,
    );
  }
  return text;
}

function fail(error: unknown, name: string): never {
  const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
  if (code === "ENOENT") {
    throw new FeedError(
      "missing",
      `${name}: expected a CSV file, came no file of that name; check the path`,
      { cause: error },
    );
  }
  throw new FeedError(
    "unreadable",
    `${name}: expected a readable file, came ${code}; check the path and its permissions`,
    { cause: error },
  );
}
