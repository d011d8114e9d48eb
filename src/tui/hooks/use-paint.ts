import { createContext, use } from "react";
import { createPaint, type Paint } from "../view/paint.ts";

export const PaintContext = createContext<Paint>(createPaint(1));

/** How rows get their colours on this terminal. */
export function usePaint(): Paint {
  return use(PaintContext);
}
