import { quote } from "../protocol/names.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Read a server's address: `http://HOST:PORT`, `https://…`, or just `HOST:PORT`.
 * @throws UsageError
 */
export function parseAddress(text: string): URL {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
  // A lone number is a port, and not the address that it stands for in URLs.
  const port = /^(?:https?:\/\/)?[0-9]+\/?$/i.test(text);
  const bare =
    url !== null &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "";
  // A topic in the address's place looks like a host with a port that is none.
  if (url && bare && !port && url.hostname !== "") return url;
  throw new UsageError(
    `expected a server's address such as http://127.0.0.1:4400, got ${quote(text)}`,
  );
}
