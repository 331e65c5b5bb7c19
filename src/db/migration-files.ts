import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A step of the schema: forward only, applied in the order of its number. */
export type Migration = { number: number; name: string; sql: string; checksum: string };

/** The migrations of a directory in order. Throws when a name is not `NNNN_name.sql` or a number comes twice. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const migrations = await Promise.all(names.map((name) => readMigration(directory, name)));
  for (const [i, migration] of migrations.entries()) {
    if (migrations[i - 1]?.number === migration.number)
      throw new Error(`Two migrations have number ${migration.number}: ${names[i - 1]} and ${names[i]}`);
  }
  return migrations;
}

async function readMigration(directory: string, file: string): Promise<Migration> {
  const parts = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
  if (parts === null) throw new Error(`${file} is not named like 0001_name.sql`);
  const sql = await readFile(join(directory, file), "utf8");
  return { number: Number(parts[1]), name: file.slice(0, -4), sql, checksum: createHash("sha256").update(sql).digest("hex") };
}
