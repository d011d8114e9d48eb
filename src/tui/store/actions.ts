import type { TransportName } from "../../client/transport-names.ts";
import type { CompletionCycle } from "../composer/complete.ts";
import type { ComposerAction } from "../composer/state.ts";
import type { Heard, Page } from "./room.ts";
import type { Anchor, Divider, Line, Meters, Notice, Outgoing, Overlay } from "./state.ts";
import type { TickerUpdate } from "./ticker.ts";

/** Everything that can change the state. Text in it is cleaned; `now` and `at` are ms since 1970. */
export type Action =
  // What the session tells.
  | { readonly kind: "heard"; readonly topic: string; readonly heard: Heard }
  | {
      readonly kind: "topic-line";
      readonly topic: string;
      readonly line: string;
      /** Where it was set; absent: it was asked for. */
      readonly event?: {
        readonly epoch: string;
        readonly offset: number;
        readonly at: number;
        readonly from: string;
      };
    }
  | {
      readonly kind: "presence";
      readonly topic: string;
      readonly nick: string;
      readonly here: boolean;
      readonly now: number;
    }
  | { readonly kind: "presence-anew"; readonly topic: string }
  | { readonly kind: "presence-settled"; readonly topic: string }
  | {
      readonly kind: "gap";
      readonly topic: string;
      readonly text: string;
      /** The last offset that doesn't come any more; undefined: none of those that were given so far does. */
      readonly to: number | undefined;
      readonly now: number;
    }
  | { readonly kind: "source"; readonly source: string | undefined }
  | { readonly kind: "connecting"; readonly transport: TransportName }
  | { readonly kind: "live"; readonly transport: TransportName; readonly now: number }
  | {
      readonly kind: "lost";
      readonly transport: TransportName;
      readonly reason: string;
      readonly now: number;
    }
  | {
      readonly kind: "waiting";
      readonly transport: TransportName;
      readonly seconds: number;
      readonly reason: string | undefined;
      readonly now: number;
    }
  | { readonly kind: "countdown"; readonly seconds: number }
  | { readonly kind: "quiet"; readonly seconds: number }
  | { readonly kind: "closed"; readonly reason: string }
  | {
      readonly kind: "swapped";
      readonly transport: TransportName;
      readonly text: string;
      readonly now: number;
    }
  // What is measured.
  | { readonly kind: "ticks"; readonly update: TickerUpdate }
  | { readonly kind: "meters"; readonly meters: Meters }
  | { readonly kind: "clock"; readonly now: number }
  | { readonly kind: "resize"; readonly columns: number; readonly rows: number }
  | { readonly kind: "redraw" }
  // What the user does.
  | { readonly kind: "edit"; readonly edit: ComposerAction }
  | { readonly kind: "submit"; readonly topic: string }
  | { readonly kind: "completed"; readonly cycle: CompletionCycle }
  | {
      readonly kind: "say";
      readonly topic: string;
      readonly outgoing: Outgoing;
      readonly publish: number;
      readonly now: number;
    }
  | {
      readonly kind: "kept";
      readonly topic: string;
      readonly publish: number;
      readonly epoch: string;
      readonly offset: number | null;
    }
  | {
      readonly kind: "refused";
      readonly topic: string;
      readonly publish: number;
      readonly reason: string;
    }
  | { readonly kind: "discard"; readonly topic: string; readonly id: number }
  | { readonly kind: "scroll"; readonly topic: string; readonly anchor: Anchor | undefined }
  | { readonly kind: "past-loading"; readonly topic: string }
  | { readonly kind: "past-failed"; readonly topic: string }
  | { readonly kind: "past"; readonly topic: string; readonly page: Page }
  | { readonly kind: "join"; readonly topic: string; readonly now: number }
  | { readonly kind: "part"; readonly topic: string }
  | { readonly kind: "go"; readonly topic: string }
  | { readonly kind: "swap-wanted"; readonly transport: TransportName | undefined }
  | { readonly kind: "nick"; readonly nick: string }
  | {
      readonly kind: "print";
      readonly lines: readonly string[];
      readonly tone: Line["tone"];
      readonly now: number;
    }
  | {
      readonly kind: "divide";
      readonly text: string;
      readonly tone: Divider["tone"];
      readonly now: number;
    }
  | { readonly kind: "notice"; readonly notice: Notice | undefined }
  | { readonly kind: "ask"; readonly text: string | undefined }
  | { readonly kind: "overlay"; readonly overlay: Overlay | undefined }
  | { readonly kind: "sidebar" };
