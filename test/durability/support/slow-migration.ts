// Brings a database to a next version in a step that takes for ever, to be killed in it: `node slow-migration.ts FILE`.
import { DatabaseSync } from "node:sqlite";
import { migrate, MIGRATIONS } from "../../../src/server/store/schema.ts";

const [, , file = ""] = process.argv;
const database = new DatabaseSync(file);
// What doesn't fit into so small a cache goes to the disk before the step is done.
database.exec("PRAGMA cache_size = 10");
migrate(database, file, [
  ...MIGRATIONS,
  `DELETE FROM events;
   CREATE TABLE next (n INTEGER PRIMARY KEY, text TEXT);
   INSERT INTO next WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT 100000000)
     SELECT n, printf('%.500c', 'x') FROM counted;`,
]);
