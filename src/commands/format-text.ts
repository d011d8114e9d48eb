import { cleanLine, cleanText } from "../client/clean.ts";
import type { Notice, TopicEvent } from "../client/events.ts";
import type { Quantiles } from "../client/meter.ts";
import type { Stats } from "../client/session.ts";

/** A notice as a line for a person. `aside`: it is about the link, not from a topic. Text from others is cleaned. */
export function formatNotice(notice: Notice): { text: string; aside: boolean } {
  switch (notice.kind) {
    case "event":
      return { text: formatEvent(notice), aside: false };
    case "gap": {
      const { topic, from, to, reason } = notice;
      return {
        text: `-- ${cleanLine(topic)}: gap from ${from ?? "?"} to ${to ?? "?"} (${reason})`,
        aside: false,
      };
    }
    case "link": {
      const ms =
        notice.ms === undefined
          ? ""
          : notice.state === "waiting"
            ? ` ${notice.ms} ms`
            : ` in ${notice.ms} ms`;
      const reason = notice.reason === undefined ? "" : `: ${cleanLine(notice.reason)}`;
      return { text: `-- ${notice.transport} ${notice.state}${ms}${reason}`, aside: true };
    }
    case "swap": {
      const { from, to, ms, held, duplicates, lost } = notice;
      return {
        text: `-- ${from} → ${to} in ${ms} ms, held ${held}, twice ${duplicates}, lost ${lost}`,
        aside: true,
      };
    }
    case "error":
      return { text: `-- the server says: ${cleanLine(notice.message)}`, aside: true };
    case "topic":
      return {
        text:
          notice.source === undefined
            ? ""
            : `-- ${cleanLine(notice.topic)}: ${cleanLine(notice.source)}`,
        aside: notice.source !== undefined,
      };
  }
}

/** Figures as a line for a person. */
export function formatStats(stats: Stats): string {
  const quantiles = ({ p50, p95 }: Quantiles) => `${p50 ?? "–"}/${p95 ?? "–"} ms`;
  return (
    `-- ${stats.transport} · rtt ${quantiles(stats.rttMs)} · delivery ${quantiles(stats.deliveryMs)} (p50/p95)` +
    ` · ${stats.messages} events · ↓${stats.bytesPerMessageDown ?? "–"} ↑${stats.bytesPerMessageUp ?? "–"} B an event` +
    ` · ${stats.reconnects} reconnects · ${stats.swaps} swaps · ${stats.gaps} gaps`
  );
}

function formatEvent({ topic, at, from, body }: TopicEvent): string {
  const time = new Date(at).toTimeString().slice(0, 8);
  const said =
    typeof body === "object" && body !== null && "text" in body ? body["text"] : undefined;
  // The second line of a text stands below the first, so that nothing in it can pass for an event of its own.
  const text =
    typeof said === "string"
      ? cleanText(said).replaceAll("\n", "\n    ")
      : cleanLine(JSON.stringify(body));
  const action = typeof body === "object" && body !== null && "me" in body && body["me"] === true;
  const sender = cleanLine(from === "" ? "–" : from);
  return `${time} ${cleanLine(topic)} ${action ? `* ${sender}` : `${sender}:`} ${text}`;
}
