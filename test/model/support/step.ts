import fc from "fast-check";

/** A command that can always be given, as a line of a script. */
export function step<World extends object, Parameters extends unknown[]>(
  name: string,
  parameters: { [Index in keyof Parameters]: fc.Arbitrary<Parameters[Index]> },
  run: (world: World, ...parameters: Parameters) => Promise<void> | void,
): fc.Arbitrary<fc.AsyncCommand<object, World>> {
  return fc.tuple(...parameters).map((values) => ({
    check: () => true,
    run: async (_model, world) => run(world, ...(values as Parameters)),
    toString: () => `${name}(${values.join(" ")})`,
  }));
}
