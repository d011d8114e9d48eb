import { type Logger, type LoggerOptions, pino } from "pino";

/**
 * The server's log. One that can't be written (nobody reads it any more, the disk is full, its folder can't be made) ends nothing.
 * @param dest a file, or a file descriptor
 */
export function openLog(dest: string | number, options: LoggerOptions): Logger {
  try {
    const destination = pino.destination({ dest, mkdir: true, sync: true });
    destination.on("error", () => {});
    return pino(options, destination);
  } catch {
    return pino({ enabled: false });
  }
}
