// Writes src/db/schema.sql and src/db/types.generated.ts from a database that the migrations of this checkout make.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { generateFiles } from "../src/db/catalog/generate.ts";
import { acquireDataLock } from "../src/db/data-lock.ts";
import { startEmbeddedServer } from "../src/db/embedded-server.ts";
import { migrate } from "../src/db/migrate.ts";

const directory = await mkdtemp(join(tmpdir(), "aqueduto-dump-"));
try {
  await using lock = await acquireDataLock(directory);
  await using server = await startEmbeddedServer({ lock, settings: { fsync: "off" } });
  await migrate({ url: server.url });
  for (const file of await generateFiles(server.url)) {
    await writeFile(file.path, file.text);
    process.stdout.write(`${relative(process.cwd(), file.path)}\n`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
