import { DatabaseSync } from "node:sqlite";

export interface Row {
  readonly offset: number;
  readonly sender: string;
  readonly text: string;
  readonly producer: number;
  readonly number: number;
}

/** What SQLite itself says of a database: nothing of backchat's is used. Throws unless it is whole. */
export function readDatabase(file: string) {
  using database = new DatabaseSync(file, { readOnly: true });
  const verdict = database.prepare("PRAGMA integrity_check").all();
  if (verdict.length !== 1 || verdict[0]!["integrity_check"] !== "ok") {
    throw new Error(`the database is damaged: ${JSON.stringify(verdict)}`);
  }
  const all = (sql: string) => database.prepare(sql).all();
  const rooms = new Map<string, Row[]>();
  for (const row of all(
    "SELECT name, offset, sender, body, producer, number FROM topics JOIN events ON topic = id ORDER BY name, offset",
  )) {
    const room = String(row["name"]);
    const rows = rooms.get(room) ?? [];
    rooms.set(room, rows);
    rows.push({
      offset: Number(row["offset"]),
      sender: String(row["sender"]),
      text: String(JSON.parse(String(row["body"]))),
      producer: Number(row["producer"]),
      number: Number(row["number"]),
    });
  }
  const heads = new Map(
    all("SELECT name, head FROM topics").map((row) => [String(row["name"]), Number(row["head"])]),
  );
  const producers = all("SELECT id, last FROM producers").map((row) => ({
    id: Number(row["id"]),
    last: Number(row["last"]),
  }));
  return { rooms, heads, producers };
}
