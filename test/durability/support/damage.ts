import { readFileSync, writeFileSync } from "node:fs";

const PAGE = 4_096;

/** Put these bytes at some place of a file. */
export function overwrite(file: string, from: number, bytes: Buffer): void {
  const content = readFileSync(file);
  bytes.copy(content, from);
  writeFileSync(file, content);
}

/** Overwrite so many bytes from some place on with noise that is the same each time. */
export function scribble(file: string, from: number, bytes: number): void {
  const content = readFileSync(file);
  for (let at = from; at < Math.min(from + bytes, content.length); at++) {
    content[at] = (at * 2_654_435_761) >>> 24;
  }
  writeFileSync(file, content);
}

/** Overwrite the page of a database that holds this text. */
export function scribblePageOf(file: string, text: string): void {
  const at = readFileSync(file).indexOf(text);
  if (at < 0) throw new Error(`${file} doesn't hold ${JSON.stringify(text)}`);
  scribble(file, at - (at % PAGE), PAGE);
}
