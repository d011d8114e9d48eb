import { useStore } from "../hooks/use-store.ts";
import { layoutOf } from "../view/layout.ts";
import { noticeRow } from "../view/notice.ts";
import { statusRow } from "../view/status.ts";
import { Rows } from "./rows.tsx";

/** The connection and its figures; in their place a question or a notice while there is one. */
export function StatusBar() {
  const spoken = useStore((state) => state.question !== undefined || state.notice !== undefined);
  return spoken ? <NoticeLine /> : <Figures />;
}

function Figures() {
  const { columns, mode } = useStore(layoutOf);
  const link = useStore((state) => state.link);
  const meters = useStore((state) => state.meters);
  const rooms = useStore((state) => state.rooms);
  const current = useStore((state) => state.current);
  const tabs = mode === "small";
  return (
    <Rows width={columns} rows={[statusRow({ link, meters, rooms, current }, columns, tabs)]} />
  );
}

function NoticeLine() {
  const { columns } = useStore(layoutOf);
  const question = useStore((state) => state.question);
  const notice = useStore((state) => state.notice);
  return <Rows width={columns} rows={[noticeRow({ question, notice }, columns)]} />;
}
