import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests that may be sent ahead on a connection; whoever sends more is cut off. */
const AHEAD = 64;

interface Line {
  /** Requests that aren't answered yet. */
  length: number;
  /** Resolves when the last of them is. */
  last: Promise<void>;
}

/**
 * One answer at a time on each connection. Requests that are sent ahead (pipelining) wait for their turn: as many answers as fit into one
 * packet of requests would otherwise lie in memory, for somebody who may not read the first.
 */
export class Turns {
  readonly #lines = new WeakMap<Socket, Line>();

  /** Whether something is yet to be answered on this connection. */
  isBusy(socket: Socket): boolean {
    return (this.#lines.get(socket)?.length ?? 0) > 0;
  }

  /**
   * Resolves when it's this request's turn.
   * @returns false: there is nobody to answer any more
   */
  async take({ socket }: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const line = this.#lines.get(socket) ?? { length: 0, last: Promise.resolve() };
    this.#lines.set(socket, line);
    if (line.length > AHEAD) socket.destroy();
    const before = line.last;
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = () => {
      line.length -= 1;
      resolve();
    };
    line.length += 1;
    line.last = promise;
    await before;
    if (socket.destroyed) {
      over();
      return false;
    }
    response.once("close", over);
    return true;
  }
}
