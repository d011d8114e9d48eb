/** A request, as far as its first line goes. */
export interface Request {
  readonly method: string;
  /** With the query. */
  readonly path: string;
}

/** Bytes of one request, or of a connection that doesn't speak HTTP/1.1 (any more). */
export interface Part {
  readonly bytes: Buffer;
  /** The request that begins with these bytes. */
  readonly begins?: Request;
  /** The request is complete with these bytes. */
  readonly ends: boolean;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const HEAD_BYTES = 128 * 1024;

/** Cuts what a client sends into requests. After an upgrade, a chunked body or TLS it is passed on as it comes. */
export class Requests {
  #head: Buffer = Buffer.alloc(0);
  #bodyLeft = 0;
  #raw = false;

  feed(chunk: Buffer): Part[] {
    const parts: Part[] = [];
    let rest: Buffer = chunk;
    while (rest.length > 0) {
      if (this.#raw) return [...parts, { bytes: rest, ends: false }];
      if (this.#bodyLeft > 0) {
        const bytes = rest.subarray(0, this.#bodyLeft);
        this.#bodyLeft -= bytes.length;
        parts.push({ bytes, ends: this.#bodyLeft === 0 });
        rest = rest.subarray(bytes.length);
        continue;
      }
      this.#head = Buffer.concat([this.#head, rest]);
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) {
        if (!couldBeHttp(this.#head) || this.#head.length > HEAD_BYTES) this.#raw = true;
        if (this.#raw) parts.push({ bytes: this.#head, ends: false });
        return parts;
      }
      const bytes = this.#head.subarray(0, end + HEAD_END.length);
      rest = this.#head.subarray(bytes.length);
      this.#head = Buffer.alloc(0);
      parts.push(this.#begin(bytes));
    }
    return parts;
  }

  #begin(bytes: Buffer): Part {
    const text = bytes.toString("latin1");
    const [, method = "", path = ""] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(text) ?? [];
    this.#raw = method === "" || /\r\nupgrade:/i.test(text) || /\r\ntransfer-encoding:/i.test(text);
    this.#bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    const ends = this.#bodyLeft === 0;
    return method === "" ? { bytes, ends } : { bytes, begins: { method, path }, ends };
  }
}

function couldBeHttp(bytes: Buffer): boolean {
  return /^[A-Z]{1,7}( |$)/.test(bytes.toString("latin1", 0, 8));
}
