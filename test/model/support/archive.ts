import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type LogView, Violation } from "./stay.ts";
import type { Kept } from "./world.ts";

/** Reads the server's database beside it. What the server trims is put aside there, in the same transaction. */
export class Archive {
  readonly epoch: string;
  readonly #database: DatabaseSync;
  readonly #look: StatementSync;
  readonly #kept: StatementSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 5_000 });
    this.#database.exec(`
      CREATE TABLE archive AS SELECT * FROM events;
      CREATE TRIGGER archiving BEFORE DELETE ON events BEGIN
        INSERT INTO archive VALUES (OLD.topic, OLD.offset, OLD.at, OLD.sender, OLD.body, OLD.producer, OLD.number);
      END;
    `);
    const sql = (text: string) => this.#database.prepare(text);
    this.epoch = String(sql("SELECT value FROM meta WHERE key = 'epoch'").get()?.["value"]);
    this.#look = sql("SELECT head, floor FROM topics WHERE name = ?");
    this.#kept = sql(`
      SELECT offset, sender, body FROM (SELECT * FROM archive UNION ALL SELECT * FROM events)
      WHERE topic = (SELECT id FROM topics WHERE name = ?) ORDER BY offset
    `);
  }

  look(topic: string): LogView {
    const row = this.#look.get(topic);
    return {
      epoch: this.epoch,
      head: Number(row?.["head"] ?? 0),
      floor: Number(row?.["floor"] ?? 0),
    };
  }

  /** @throws Violation where its offsets don't rise by 1 */
  kept(topic: string): readonly Kept[] {
    return this.#kept.all(topic).map(({ offset, sender, body }, index) => {
      if (offset !== index + 1)
        throw new Violation(`${topic} holds ${String(offset)} after ${index}`);
      return { offset: index + 1, text: String(JSON.parse(String(body))), from: String(sender) };
    });
  }

  close(): void {
    this.#database.close();
  }
}
