import { useStore } from "../hooks/use-store.ts";
import { currentRoom } from "../store/state.ts";
import { layoutOf } from "../view/layout.ts";
import { logRows } from "../view/log.ts";
import { newerRow } from "../view/notice.ts";
import { Rows } from "./rows.tsx";

/** What was said in the room on the screen: the visible rows alone. */
export function Log() {
  const { log: width, body: height, nicks } = useStore(layoutOf);
  const minute = useStore((state) => state.minute);
  const room = useStore(currentRoom);
  const rows = logRows(room, { width, height, nicks, minute });
  return (
    <Rows
      width={width}
      rows={room.anchor ? [...rows.slice(0, -1), newerRow(room.below, width)] : rows}
    />
  );
}
