import { useStore } from "../hooks/use-store.ts";
import { currentRoom } from "../store/state.ts";
import { headerRow, smallHeaderRow } from "../view/header.ts";
import { layoutOf } from "../view/layout.ts";
import { Rows } from "./rows.tsx";

export function Header() {
  const { columns } = useStore(layoutOf);
  const nick = useStore((state) => state.nick);
  const label = useStore((state) => state.label);
  const minute = useStore((state) => state.minute);
  const topic = useStore((state) => state.current);
  const line = useStore((state) => currentRoom(state).line);
  return (
    <Rows width={columns} rows={[headerRow({ nick, label, minute }, { topic, line }, columns)]} />
  );
}

/** The header where there is no other place for prices. */
export function SmallHeader() {
  const { columns } = useStore(layoutOf);
  const minute = useStore((state) => state.minute);
  const topic = useStore((state) => state.current);
  const line = useStore((state) => currentRoom(state).line);
  const ticker = useStore((state) => state.ticker);
  return <Rows width={columns} rows={[smallHeaderRow(minute, { topic, line }, ticker, columns)]} />;
}
