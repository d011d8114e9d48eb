import { DatabaseSync } from "node:sqlite";

/** The log as it grows, read from the database's file beside the server: what every session's record is compared with. */
export class Log implements Disposable {
  readonly #database: DatabaseSync;
  readonly #sql;
  /** room → the texts of its events; the event with offset 1 is at 1 */
  readonly #texts = new Map<string, string[]>();
  readonly epoch: string;
  /** Events that were trimmed before they could be read here. */
  missed = 0;

  constructor(file: string, rooms: readonly string[]) {
    this.#database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    this.#sql = {
      state: this.#database.prepare("SELECT id, head, floor FROM topics WHERE name = ?"),
      read: this.#database.prepare(
        "SELECT offset, body FROM events WHERE topic = ? AND offset > ? ORDER BY offset",
      ),
      check: this.#database.prepare("PRAGMA quick_check"),
    };
    for (const room of rooms) this.#texts.set(room, [""]);
    const meta = this.#database.prepare("SELECT value FROM meta WHERE key = 'epoch'").get();
    this.epoch = String(meta?.["value"]);
  }

  /** Read what has come since. */
  read(): void {
    for (const [room, texts] of this.#texts) {
      const { id } = this.#state(room);
      for (const { offset, body } of this.#sql.read.iterate(id, texts.length - 1)) {
        for (; texts.length < Number(offset); texts.push("")) this.missed += 1;
        texts.push(String(JSON.parse(String(body))));
      }
    }
  }

  /** Offset of the newest event that is kept, as the database says now. */
  head(room: string): number {
    return this.#state(room).head;
  }

  /** Offset of the newest event that was trimmed, as the database says now. */
  floor(room: string): number {
    return this.#state(room).floor;
  }

  /** By offset, as far as it has been read; the first is none. */
  texts(room: string): readonly string[] {
    return this.#texts.get(room)!;
  }

  /** What is wrong with the file; undefined: nothing. */
  damage(): string | undefined {
    const [first] = this.#sql.check.all();
    const said = String(first?.["quick_check"]);
    return said === "ok" ? undefined : said;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #state(room: string): { id: number; head: number; floor: number } {
    const row = this.#sql.state.get(room) ?? { id: 0, head: 0, floor: 0 };
    return { id: Number(row["id"]), head: Number(row["head"]), floor: Number(row["floor"]) };
  }
}
