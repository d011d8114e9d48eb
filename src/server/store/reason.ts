/** SQLite's result codes that a person can do something about (sqlite.org/rescode.html). */
const FULL = 13;
const IOERR_SHMSIZE = 4874;
const REASONS: Readonly<Record<number, string>> = {
  5: "another program is using it",
  8: "it is read-only: the file, its folder or the disk may not be written to",
  10: "the disk fails",
  11: "it is damaged",
  [FULL]: "the disk is full",
  14: "the file, or one beside it, can't be opened: may its folder be written to?",
  26: "it is no database",
  // The memory that is shared with readers had no room on the disk.
  [IOERR_SHMSIZE]: "the disk is full",
};

/** What SQLite's error, or anything else that was thrown, means to a person: one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const reason = REASONS[code] ?? REASONS[code & 0xff];
  return reason === undefined ? text : `${reason} (${text})`;
}

/** Whether a part of the file makes no sense: other parts may. */
export function isDamage(error: unknown): boolean {
  return (codeOf(error) & 0xff) === 11;
}

/** Whether the file is something else. */
export function isNoDatabase(error: unknown): boolean {
  return (codeOf(error) & 0xff) === 26;
}

/** Whether somebody else has the file locked. */
export function isBusy(error: unknown): boolean {
  return (codeOf(error) & 0xff) === 5;
}

/** Whether the file may be read but not written to. */
export function isReadOnly(error: unknown): boolean {
  return (codeOf(error) & 0xff) === 8;
}

// The extended code, whose low byte is the plain one. 0: not SQLite's.
function codeOf(error: unknown): number {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code : 0;
}
