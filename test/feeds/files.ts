import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** Real prices; the package doesn't export its files, so they are named by their path. */
export function realPrices(name: "stocks.csv" | "sp500-2000.csv"): string {
  return fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
}

/** A folder of the test's own. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "feeds-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** A file `prices.csv` of the test's own. */
export async function makeFile(content: string | Buffer): Promise<string> {
  const file = join(await makeFolder(), "prices.csv");
  await writeFile(file, content);
  return file;
}
