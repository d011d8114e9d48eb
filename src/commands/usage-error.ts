/** The command line can't be understood. `message` is one line that says what was expected, what came and what to do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command was understood and can't be carried out. `message` is one line for the person at the terminal. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
