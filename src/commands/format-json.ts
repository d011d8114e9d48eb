import { escapeInvisible } from "../protocol/names.ts";
import type { Notice } from "../client/events.ts";
import type { Stats } from "../client/session.ts";

/** A notice as a line of JSON for a program: the fields that are promised, and nothing else. Empty: it isn't told. */
export function noticeLine(notice: Notice): string {
  switch (notice.kind) {
    case "event": {
      const { kind, topic, offset, epoch, at, from, body, key } = notice;
      return line({
        kind,
        topic,
        offset,
        epoch,
        at,
        from: from === "" ? null : from,
        body,
        key,
      });
    }
    case "link": {
      const { kind, transport, state, ms, reason } = notice;
      return line({ kind, transport, state, ms, reason });
    }
    case "swap": {
      const { kind, from, to, ms, held, duplicates, lost } = notice;
      return line({ kind, from, to, ms, held, duplicates, lost });
    }
    case "gap": {
      const { kind, topic, from, to, reason } = notice;
      return line({ kind, topic, from, to, reason });
    }
    case "error":
    case "topic":
      return "";
  }
}

/** Figures as a line of JSON. */
export function statsLine(stats: Stats): string {
  const { transport, rttMs, deliveryMs, reconnects, swaps, messages, bytesDown, bytesUp } = stats;
  const { bytesPerMessageDown, bytesPerMessageUp, duplicatesDropped, gaps } = stats;
  return line({
    kind: "stats",
    transport,
    rttMs,
    deliveryMs,
    reconnects,
    swaps,
    messages,
    bytesDown,
    bytesUp,
    bytesPerMessageDown,
    bytesPerMessageUp,
    duplicatesDropped,
    gaps,
  });
}

// A terminal may be what reads it after all.
function line(value: object): string {
  return escapeInvisible(JSON.stringify(value));
}
