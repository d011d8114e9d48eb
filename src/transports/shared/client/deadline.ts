import { LinkError } from "../../transport.ts";

/** A signal that aborts when another one does, or when time is up. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Bound a request in time. To be released with `using`: nothing stays behind on a signal that lives as long as its link.
 * @param ms then it aborts with a LinkError `silent`
 */
export function within(ms: number, signal: AbortSignal): Deadline {
  const aborter = new AbortController();
  const abort = () => aborter.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  let immediate: NodeJS.Immediate | undefined;
  // One turn later: where this process was held up, the answer may have come and be still to be read.
  const timer = setTimeout(() => {
    immediate = setImmediate(() => {
      aborter.abort(new LinkError("silent", `no answer came within ${ms / 1000} s`));
    });
  }, ms);
  return {
    signal: aborter.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      clearImmediate(immediate);
      signal.removeEventListener("abort", abort);
    },
  };
}
