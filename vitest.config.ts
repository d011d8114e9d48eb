import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    pool: "forks",
    // Most tests start servers, terminals and child processes of their own: more files at once than
    // a small machine has cores would only make them wait for each other.
    maxWorkers: 2,
    // Those that say so wait for timers nearly all of the time.
    maxConcurrency: 16,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
