import { render } from "ink";
import { useCallback } from "react";
import { cleanLine } from "../client/clean.ts";
import { App } from "./app.tsx";
import type { Context } from "./control/context.ts";
import { onKey } from "./control/keys.ts";
import { learnLines } from "./control/rooms.ts";
import { PaintContext } from "./hooks/use-paint.ts";
import { useKeys } from "./hooks/use-keys.ts";
import { StoreContext } from "./hooks/use-store.ts";
import type { Key } from "./input/key.ts";
import { quietStdin } from "./input/quiet-stdin.ts";
import type { Tap } from "./input/tap.ts";
import type { Tell, TuiOptions } from "./run.tsx";
import { createStage } from "./stage.ts";
import { initialState } from "./store/state.ts";
import { observe } from "./store/observe.ts";
import { Store } from "./store/store.ts";
import { createPaint } from "./view/paint.ts";

export interface Mounted {
  /** Take it off the screen. Resolves when the terminal has all of it. */
  unmount(): Promise<void>;
}

/** Join session, store and screen, and start the session. @param end what ends the UI */
export function mount(options: TuiOptions, tap: Tap, end: (error?: Error) => void): Mounted {
  const { session, api, room, label, rename, stdout } = options;
  const stack = new DisposableStack();
  const resized = (): void => store.dispatch({ kind: "resize", ...stage.size() });
  const stage = stack.use(createStage(stdout, resized, () => end()));
  const { nick = "?", transport } = session.status;
  const store = new Store(
    initialState({ room, label, nick, transport, ...stage.size(), now: Date.now() }),
  );
  stack.defer(() => store.close());
  const context: Context = { store, session, api, rename, quit: () => end() };

  const ink = render(
    <PaintContext value={createPaint(stage.colors)}>
      <StoreContext value={store}>
        <Root context={context} tap={tap} />
      </StoreContext>
    </PaintContext>,
    {
      stdout: stage.stream,
      stdin: quietStdin() as unknown as NodeJS.ReadStream,
      alternateScreen: true,
      incrementalRendering: true,
      concurrent: true,
      maxFps: 60,
      exitOnCtrlC: false,
      patchConsole: false,
      interactive: true,
      isScreenReaderEnabled: false,
    },
  );
  ink.waitUntilExit().then(() => end(), end);

  let redraws = 0;
  stack.defer(
    store.subscribe(() => {
      if (store.get().redraws === redraws) return;
      ({ redraws } = store.get());
      stage.wipe();
      ink.clear();
    }),
  );
  stack.use(observe(session, store));
  if (options.tidings) {
    const tell: Tell = (text, tone) => {
      const now = Date.now();
      const line = cleanLine(text);
      // What went wrong is read to its end, however narrow the log is.
      if (tone === "good") store.absorb([{ kind: "divide", text: line, tone, now }]);
      else store.absorb([{ kind: "print", lines: [line], tone: "error", now }]);
    };
    stack.defer(options.tidings(tell));
  }
  stack.defer(failFirst(session, end));
  session.start();
  void learnLines(context);

  return {
    async unmount() {
      stack.dispose();
      ink.unmount();
      await ink.waitUntilExit().catch(() => {});
    },
  };
}

function Root({ context, tap }: { readonly context: Context; readonly tap: Tap }) {
  useKeys(
    tap,
    useCallback((key: Key) => onKey(context, key), [context]),
  );
  return <App />;
}

/** A session that ends before it was ever live has nothing to show: why it ended is printed instead. */
function failFirst(session: TuiOptions["session"], end: (error: Error) => void): () => void {
  let live = false;
  return session.listen((notice) => {
    if (notice.kind !== "link") return;
    if (notice.state === "live") live = true;
    if (notice.state === "closed" && !live)
      end(new Error(cleanLine(notice.reason ?? "the session was ended")));
  });
}
