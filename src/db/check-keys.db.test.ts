import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { openBackup, readKeyFiles, restoreKeyFiles, sealBackup } from "../platform/key-backup.ts";
import { KeyringError } from "../platform/keyring-error.ts";
import { openCheckedKeyring } from "./check-keys.ts";

async function keyDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function asOwner(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

test("the very first start makes the keys, and nodes that start at once get the same ones", async () => {
  await using database = await createTestDatabase();
  await using keys = await keyDirectory();
  const keyrings = await Promise.all(Array.from({ length: 4 }, () => openCheckedKeyring(database.db, keys.path)));
  expect(new Set(keyrings.map((keyring) => keyring.pepper.key.toString("hex"))).size).toBe(1);
  expect(new Set(keyrings.map((keyring) => keyring.data.kid)).size).toBe(1);
  expect(await readdir(keys.path)).toHaveLength(4);
  const rows = await database.db.selectFrom("key_check").select(["kid", "purpose", "state"]).orderBy("purpose").execute();
  expect(rows).toEqual([
    { kid: keyrings[0]?.data.kid, purpose: "data", state: "live" },
    { kid: keyrings[0]?.pepper.kid, purpose: "pepper", state: "live" },
    { kid: keyrings[0]?.reference.kid, purpose: "reference", state: "live" },
    { kid: keyrings[0]?.subject.kid, purpose: "subject", state: "live" },
  ]);
});

test("a start whose rows need a missing key refuses, names it, and makes none", async () => {
  await using database = await createTestDatabase();
  await using keys = await keyDirectory();
  const { pepper } = await openCheckedKeyring(database.db, keys.path);
  await rm(join(keys.path, `pepper-${pepper.kid}`));
  await expect(openCheckedKeyring(database.db, keys.path)).rejects.toThrow(pepper.kid);
  expect((await readdir(keys.path)).filter((name) => name.startsWith("pepper"))).toEqual([]);
});

test("a start with the key directory of another installation refuses and makes none", async () => {
  await using database = await createTestDatabase();
  await using other = await createTestDatabase();
  await using keys = await keyDirectory();
  await using foreign = await keyDirectory();
  await openCheckedKeyring(database.db, keys.path);
  await openCheckedKeyring(other.db, foreign.path);
  const before = await readdir(foreign.path);
  await expect(openCheckedKeyring(database.db, foreign.path)).rejects.toThrow(KeyringError);
  expect(await readdir(foreign.path)).toEqual(before);
});

test.each(["reference", "subject"] as const)("a database of before the %s key gets one, unless another key is missing", async (purpose) => {
  await using database = await createTestDatabase();
  await using keys = await keyDirectory();
  const { [purpose]: key, data } = await openCheckedKeyring(database.db, keys.path);
  await asOwner(database.ownerUrl, `DELETE FROM aqueduto.key_check WHERE purpose = '${purpose}'`);
  await rename(join(keys.path, `data-${data.kid}`), join(keys.path, "away"));
  await expect(openCheckedKeyring(database.db, keys.path)).rejects.toThrow(data.kid);
  await rename(join(keys.path, "away"), join(keys.path, `data-${data.kid}`));
  // its file is still there, so the same key is taken
  expect((await openCheckedKeyring(database.db, keys.path))[purpose]).toEqual(key);
});

test("a key directory that was lost comes back whole from its backup", async () => {
  await using database = await createTestDatabase();
  await using keys = await keyDirectory();
  const before = await openCheckedKeyring(database.db, keys.path);
  const backup = await sealBackup(await readKeyFiles(keys.path), "correct horse battery staple");
  const names = await readdir(keys.path);
  await Promise.all(names.map((name) => rm(join(keys.path, name))));
  await expect(openCheckedKeyring(database.db, keys.path)).rejects.toThrow("is missing");
  expect(await readdir(keys.path)).toEqual([]);
  await restoreKeyFiles(keys.path, await openBackup(backup, "correct horse battery staple"));
  const after = await openCheckedKeyring(database.db, keys.path);
  expect([after.pepper, after.data, after.reference, after.subject]).toEqual([
    before.pepper,
    before.data,
    before.reference,
    before.subject,
  ]);
});
