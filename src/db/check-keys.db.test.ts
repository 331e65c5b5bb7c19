import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { KeyringError } from "../platform/keyring-error.ts";
import { openCheckedKeyring } from "./check-keys.ts";

async function keyDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("the very first start makes the keys, and nodes that start at once get the same ones", async () => {
  await using database = await createTestDatabase();
  await using keys = await keyDirectory();
  const keyrings = await Promise.all(Array.from({ length: 4 }, () => openCheckedKeyring(database.db, keys.path)));
  expect(new Set(keyrings.map((keyring) => keyring.pepper.key.toString("hex"))).size).toBe(1);
  expect(new Set(keyrings.map((keyring) => keyring.data.kid)).size).toBe(1);
  expect(await readdir(keys.path)).toHaveLength(2);
  const rows = await database.db.selectFrom("key_check").select(["kid", "purpose", "state"]).orderBy("purpose").execute();
  expect(rows).toEqual([
    { kid: keyrings[0]?.data.kid, purpose: "data", state: "live" },
    { kid: keyrings[0]?.pepper.kid, purpose: "pepper", state: "live" },
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
