import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { generateFiles } from "./catalog/generate.ts";

test("schema.sql and the generated types follow from the migrations (npm run db:dump)", async () => {
  await using database = await createTestDatabase();
  const files = await generateFiles(database.ownerUrl);
  expect(files.map((file) => basename(file.path))).toEqual(["types.generated.ts", "schema.sql"]);
  for (const file of files) expect(file.text).toBe(await readFile(file.path, "utf8"));
});
