import { Box, Text } from "ink";
import { memo } from "react";
import { usePaint } from "../hooks/use-paint.ts";
import type { Row } from "../view/row.ts";

interface PaneProps {
  readonly rows: readonly Row[];
  readonly width: number;
}

/** A pane of rows that fit it: as high as there are rows, one text each. */
export function Rows({ rows, width }: PaneProps) {
  if (rows.length === 0 || width < 1) return null;
  return (
    <Box flexDirection="column" flexShrink={0} width={width} height={rows.length} overflow="hidden">
      {rows.map((row, index) => (
        <RowText key={index} row={row} />
      ))}
    </Box>
  );
}

const RowText = memo(function RowText({ row }: { readonly row: Row }) {
  const paint = usePaint();
  // Without any text the row would take no room.
  return <Text wrap="truncate-end">{row.length === 0 ? " " : paint(row)}</Text>;
});
