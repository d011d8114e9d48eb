import { type Logger, type LoggerOptions, pino } from "pino";

/**
 * The server's log. One that can't be written (nobody reads it any more, or the disk is full) ends nothing.
 * @param dest a file, or a file descriptor
 */
export function openLog(dest: string | number, options: LoggerOptions): Logger {
  const destination = pino.destination({ dest, mkdir: true, sync: true });
  destination.on("error", () => {});
  return pino(options, destination);
}
