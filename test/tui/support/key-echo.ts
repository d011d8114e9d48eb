/** A program for a terminal: draws with Ink the keys that the tap gives it; Ctrl+D ends it. */
import { render, Text, useInput } from "ink";
import { createElement, useEffect, useState } from "react";
import { quietStdin } from "../../../src/tui/input/quiet-stdin.ts";
import { createTap } from "../../../src/tui/input/tap.ts";

using tap = createTap(process.stdin, process.stdout);

function KeyEcho() {
  const [names, setNames] = useState<string[]>([]);
  useEffect(
    () =>
      tap.subscribe((key) => {
        if (key.kind === "key" && key.ctrl && key.name === "d") app.unmount();
        const name = key.kind === "key" ? `<${key.name}>` : key.kind === "closed" ? "" : key.text;
        setNames((before) => [...before, name]);
      }),
    [],
  );
  // Nothing may reach Ink's own reader.
  useInput(() => {
    setNames((before) => [...before, "<ink>"]);
  });
  return createElement(Text, null, `keys:${names.join(" ")}.`);
}

tap.start();
const app = render(createElement(KeyEcho), { stdin: quietStdin(), exitOnCtrlC: false });
await app.waitUntilExit();
