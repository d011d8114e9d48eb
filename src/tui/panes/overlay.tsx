import { useStore } from "../hooks/use-store.ts";
import type { Overlay as Open } from "../store/state.ts";
import { helpLines } from "../view/help.ts";
import { layoutOf } from "../view/layout.ts";
import { BLANK, type Row } from "../view/row.ts";
import { pickerRows } from "../view/transports.ts";
import { Rows } from "./rows.tsx";

/** What is open in place of the log and what stands beside it. */
export function Overlay({ open }: { readonly open: Open }) {
  return open.kind === "help" ? <Help top={open.top} /> : <Picker index={open.index} />;
}

function Help({ top }: { readonly top: number }) {
  const { columns, body } = useStore(layoutOf);
  return <Rows width={columns} rows={filled(helpLines(columns).slice(top, top + body), body)} />;
}

function Picker({ index }: { readonly index: number }) {
  const { columns, body } = useStore(layoutOf);
  const link = useStore((state) => state.link);
  const meters = useStore((state) => state.meters);
  return (
    <Rows width={columns} rows={filled(pickerRows({ link, meters }, index, columns, body), body)} />
  );
}

function filled(rows: readonly Row[], height: number): readonly Row[] {
  return Array.from({ length: height }, (_, index) => rows[index] ?? BLANK);
}
