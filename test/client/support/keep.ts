import { afterEach } from "vitest";

const kept: AsyncDisposable[] = [];

afterEach(async () => {
  for (const resource of kept.splice(0).toReversed()) await resource[Symbol.asyncDispose]();
});

/** Release something when the present test has ended, the last one first. */
export function keep<Resource extends AsyncDisposable>(resource: Resource): Resource {
  kept.push(resource);
  return resource;
}
