import { fileURLToPath } from "node:url";
import pg from "pg";
import { describeSchema } from "./schema-text.ts";
import { generateTableTypes } from "./table-types.ts";

export type GeneratedFile = { path: string; text: string };

/** The files of this folder's parent that follow from the migrations, made from a migrated database. */
export async function generateFiles(url: string): Promise<GeneratedFile[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return [
      { path: inDb("types.generated.ts"), text: await generateTableTypes(client) },
      { path: inDb("schema.sql"), text: await describeSchema(client) },
    ];
  } finally {
    await client.end();
  }
}

function inDb(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
