import { useStore } from "../hooks/use-store.ts";
import { currentRoom } from "../store/state.ts";
import { layoutOf } from "../view/layout.ts";
import { sidebarRows } from "../view/rooms.ts";
import { Rows } from "./rows.tsx";

/** Rooms, and who is in this one. */
export function Sidebar() {
  const { left, body } = useStore(layoutOf);
  const rooms = useStore((state) => state.rooms);
  const current = useStore((state) => state.current);
  const nick = useStore((state) => state.nick);
  const room = useStore(currentRoom);
  return <Rows width={left} rows={sidebarRows({ rooms, current, nick }, room, left, body)} />;
}
