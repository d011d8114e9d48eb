import { Box } from "ink";
import { useStore } from "./hooks/use-store.ts";
import { Composer } from "./panes/composer.tsx";
import { Header, SmallHeader } from "./panes/header.tsx";
import { Log } from "./panes/log.tsx";
import { Market, Strip } from "./panes/market.tsx";
import { Overlay } from "./panes/overlay.tsx";
import { Sidebar } from "./panes/sidebar.tsx";
import { StatusBar } from "./panes/status.tsx";
import { layoutOf } from "./view/layout.ts";

/** The screen: which panes there are. What is in them, they know themselves. */
export function App() {
  const { columns, rows, mode, header, strip, status } = useStore(layoutOf);
  // Drawn anew, even if nothing in it has changed.
  useStore((state) => state.redraws);
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      {header > 0 && (mode === "small" ? <SmallHeader /> : <Header />)}
      {strip > 0 && <Strip />}
      <Body />
      {status > 0 && <StatusBar />}
      <Composer />
    </Box>
  );
}

function Body() {
  const { columns, body, left, right } = useStore(layoutOf);
  const overlay = useStore((state) => state.overlay);
  if (body < 1) return null;
  return (
    <Box flexShrink={0} width={columns} height={body} overflow="hidden">
      {overlay ? (
        <Overlay open={overlay} />
      ) : (
        <>
          {left > 0 && <Sidebar />}
          <Log />
          {right > 0 && <Market />}
        </>
      )}
    </Box>
  );
}
