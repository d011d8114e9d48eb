import type { Append, Outcome, Refusal } from "./store.ts";

/** What a store remembers of a producer. */
export interface ProducerState {
  /** The last number that was handled; 0: none. */
  last: number;
  /** The latest refusals, by number, oldest first. */
  refused: [number: number, refusal: Refusal][];
}

/** Refusals remembered for each producer, so that a retry hears the same answer. */
const REFUSALS_KEPT = 16;

/** What to do with a publish, given what is known of its producer. */
export type Verdict =
  | { readonly kind: "next" }
  | { readonly kind: "seen" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Judge a publish by its number alone: the next one, one that was handled before, or one beyond a hole. */
export function judge(producer: ProducerState, number: number): Verdict {
  if (number === producer.last + 1) return { kind: "next" };
  if (number > producer.last) {
    return {
      kind: "refused",
      refusal: {
        code: "out-of-order",
        message: `expected number ${producer.last + 1} of this producer, got ${number}: resend from there, in order`,
      },
    };
  }
  const earlier = producer.refused.find(([refused]) => refused === number);
  return earlier ? { kind: "refused", refusal: earlier[1] } : { kind: "seen" };
}

/**
 * What a publish is answered that was handled before.
 * @param offset where it is kept; null: nowhere
 */
export function answerAgain({ refusal }: Append, offset: number | null): Outcome {
  // Of many refusals the first aren't remembered any more; what was refused then is refused again.
  if (offset === null && refusal) return { kind: "refused", refusal };
  return { kind: "duplicate", offset };
}

/** Use a number up. */
export function advance(producer: ProducerState, number: number, refusal?: Refusal): void {
  producer.last = number;
  if (!refusal) return;
  producer.refused.push([number, refusal]);
  if (producer.refused.length > REFUSALS_KEPT) producer.refused.shift();
}
