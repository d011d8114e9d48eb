/**
 * UTF-8 decoding that can be interrupted at any byte, after the WHATWG encoding standard
 * (https://encoding.spec.whatwg.org/#utf-8-decoder). `TextDecoder` in stream mode would do, but its
 * U+FFFD for bad bytes can't be told from a U+FFFD that was typed.
 */

/** A sequence under way: how many bytes are missing, and what the next one may be. */
export interface Utf8State {
  readonly missing: number;
  readonly point: number;
  readonly low: number;
  readonly high: number;
}

export const UTF8_START: Utf8State = { missing: 0, point: 0, low: 0x80, high: 0xbf };

/** Stands in the output of {@link decodeUtf8} for bytes that are no UTF-8. */
export const BAD = -1;

/** Decodes the next bytes to code points. */
export function decodeUtf8(
  state: Utf8State,
  bytes: Uint8Array,
): { state: Utf8State; points: number[] } {
  const points: number[] = [];
  let { missing, point, low, high } = state;
  for (const byte of bytes) {
    if (missing > 0) {
      if (byte >= low && byte <= high) {
        point = (point << 6) | (byte & 0x3f);
        low = 0x80;
        high = 0xbf;
        if (--missing === 0) points.push(point);
        continue;
      }
      // What began is broken; this byte may begin something else.
      points.push(BAD);
      missing = 0;
    }
    low = 0x80;
    high = 0xbf;
    if (byte < 0x80) {
      points.push(byte);
    } else if (byte >= 0xc2 && byte <= 0xdf) {
      missing = 1;
      point = byte & 0x1f;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      missing = 2;
      point = byte & 0x0f;
      // Neither overlong forms nor surrogates.
      if (byte === 0xe0) low = 0xa0;
      if (byte === 0xed) high = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      missing = 3;
      point = byte & 0x07;
      if (byte === 0xf0) low = 0x90;
      if (byte === 0xf4) high = 0x8f;
    } else {
      points.push(BAD);
    }
  }
  return { state: { missing, point, low, high }, points };
}
