#!/usr/bin/env node
// Parses and runs on any Node that knows modules: an older one is told so before anything else is loaded.
const REQUIRED = 24;
const major = Number(process.versions.node.split(".")[0]);

if (major < REQUIRED) {
  process.stderr.write(
    `backchat needs Node ${REQUIRED} or newer, this is ${process.versions.node}: update it, or run it with npm start in a checkout, which brings its own\n`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import("./commands/main.ts");
  process.exitCode = await main(process.argv.slice(2));
}
