import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { ProtocolError } from "../../protocol/errors.ts";
import { quote } from "../../protocol/names.ts";

/** @throws ProtocolError `forbidden` */
export type Guard = (request: IncomingMessage) => void;

/**
 * Keeps web pages of other origins out. A browser lets any page send requests to a server on this machine; what gives such a page
 * away is its Origin, or, where it has pointed its own name at this machine (DNS rebinding), the Host that it asks for.
 * @param loopbackOnly the server listens on loopback alone: then no foreign name can be its own
 */
export function originGuard(loopbackOnly: boolean): Guard {
  return ({ headers: { host = "", origin } }) => {
    const hostname = URL.parse(`http://${host}`)?.hostname ?? "";
    if (loopbackOnly && !isLocalName(hostname)) {
      throw new ProtocolError(
        "forbidden",
        `this server listens on this machine alone: ask for it as 127.0.0.1 or localhost, not as ${quote(host)}`,
      );
    }
    if (origin === undefined) return;
    const from = URL.parse(origin);
    if (from?.host === host || (from && isLoopback(from.hostname) && isLoopback(hostname))) return;
    throw new ProtocolError("forbidden", `pages of ${quote(origin)} may not use this server`);
  };
}

// An address can't be re-pointed as a name can.
function isLocalName(hostname: string): boolean {
  return isLoopback(hostname) || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

/** Whether a host's name, or its address as a URL has it, means this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    (isIP(hostname) === 4 && hostname.startsWith("127."))
  );
}
