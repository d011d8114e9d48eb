import { useCursor } from "ink";
import { useStore } from "../hooks/use-store.ts";
import { fit } from "../text/width.ts";
import { roomName } from "../view/format.ts";
import { layoutOf } from "../view/layout.ts";
import { type Row, span } from "../view/row.ts";
import { Rows } from "./rows.tsx";

/** The text being written, with the terminal's own cursor in it. */
export function Composer() {
  const { columns, rows: height, prompt, composer } = useStore(layoutOf);
  const topic = useStore((state) => state.current);
  const { setCursorPosition } = useCursor();
  const { rows: texts, cursor } = composer;
  setCursorPosition({ x: prompt + cursor.col, y: height - texts.length + cursor.row });
  const rows = texts.map((text, index): Row => [
    span(index === 0 ? promptText(topic, prompt) : " ".repeat(prompt), "accent"),
    span(text),
  ]);
  return <Rows width={columns} rows={rows} />;
}

function promptText(topic: string, width: number): string {
  if (width <= 2) return "> ".slice(0, width);
  return `[${fit(roomName(topic), width - 3)}] `;
}
