import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type KeyCheck, makeFirstKeys, makeNextKey, openKeyring } from "./keyring.ts";
import { KeyringError } from "./keyring-error.ts";
import { openSealed, seal } from "./seal.ts";

async function keyDirectory(): Promise<{ path: string; checks: KeyCheck[] } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  return { path, checks: await makeFirstKeys(path), [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function byPurpose(checks: KeyCheck[], purpose: string): KeyCheck {
  const found = checks.find((check) => check.purpose === purpose);
  if (found === undefined) throw new Error(`no ${purpose}`);
  return found;
}

test("the first keys are files that only their user reads, and open again as the same keys", async () => {
  await using keys = await keyDirectory();
  const first = openKeyring(keys.path, keys.checks);
  const modes = await Promise.all((await readdir(keys.path)).map(async (name) => (await stat(join(keys.path, name))).mode & 0o777));
  expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
  const second = openKeyring(keys.path, keys.checks);
  expect(second.pepper).toEqual(first.pepper);
  expect(second.data).toEqual(first.data);
  expect(first.pepper.key).toHaveLength(32);
  expect(first.pepper.key.equals(first.data.key)).toBe(false);
});

test.each(["pepper", "data", "reference", "subject"])("a missing %s key is named and not replaced", async (purpose) => {
  await using keys = await keyDirectory();
  const { kid } = byPurpose(keys.checks, purpose);
  await rm(join(keys.path, `${purpose}-${kid}`));
  const before = await readdir(keys.path);
  expect(() => openKeyring(keys.path, keys.checks)).toThrow(KeyringError);
  expect(() => openKeyring(keys.path, keys.checks)).toThrow(new RegExp(`^Key ${kid} \\(${purpose}\\) is missing`));
  expect(await readdir(keys.path)).toEqual(before);
});

test.each([
  ["another key", "ab".repeat(32), "is not the one"],
  ["a damaged key", "ab", "damaged"],
])("%s in the file of a needed one is refused", async (_case, content, message) => {
  await using keys = await keyDirectory();
  const { kid } = byPurpose(keys.checks, "pepper");
  const path = join(keys.path, `pepper-${kid}`);
  await writeFile(path, content);
  expect(() => openKeyring(keys.path, keys.checks)).toThrow(message);
  expect(() => openKeyring(keys.path, keys.checks)).toThrow(kid);
  expect(await readFile(path, "utf8")).toBe(content);
});

test("a key file that every user can read is refused", async () => {
  await using keys = await keyDirectory();
  const { kid } = byPurpose(keys.checks, "data");
  await chmod(join(keys.path, `data-${kid}`), 0o644);
  expect(() => openKeyring(keys.path, keys.checks)).toThrow("chmod 600");
});

test("a first start that was cut off takes the keys it had made", async () => {
  await using keys = await keyDirectory();
  expect(await makeFirstKeys(keys.path)).toEqual(keys.checks);
});

test("a directory with several keys of a kind is not guessed from", async () => {
  await using keys = await keyDirectory();
  await writeFile(join(keys.path, "pepper-0a0a0a0a"), "ab".repeat(32), { mode: 0o600 });
  await expect(makeFirstKeys(keys.path)).rejects.toThrow(/several of kind pepper/);
});

test("an old pepper is opened beside the live one, and an ended key is not needed", async () => {
  await using keys = await keyDirectory();
  const { kid } = byPurpose(keys.checks, "pepper");
  const old = keys.checks.map((check): KeyCheck => (check.kid === kid ? { ...check, state: "old" } : check));
  await using other = await keyDirectory();
  const live = byPurpose(other.checks, "pepper");
  await writeFile(join(keys.path, `pepper-${live.kid}`), await readFile(join(other.path, `pepper-${live.kid}`)), { mode: 0o600 });
  const keyring = openKeyring(keys.path, [live, ...old, { ...live, kid: "gone0000", state: "ended" }]);
  expect(keyring.oldData.size).toBe(0);
  expect(keyring.pepper.kid).toBe(live.kid);
  expect(keyring.pepper.previous?.kid).toBe(kid);
});

test("a named secret is made once, is the same ever after, and differs by name", async () => {
  await using keys = await keyDirectory();
  const first = openKeyring(keys.path, keys.checks);
  const secret = first.namedSecret("service-base");
  expect(secret).toHaveLength(32);
  expect(openKeyring(keys.path, keys.checks).namedSecret("service-base")).toEqual(secret);
  expect(first.namedSecret("receiver")).not.toEqual(secret);
  expect((await stat(join(keys.path, "secret-service-base"))).mode & 0o777).toBe(0o600);
  expect(() => first.namedSecret("../escape")).toThrow(RangeError);
});

test("a rotated data key is taken up while running: the new one seals, the one before still opens", async () => {
  await using keys = await keyDirectory();
  const keyring = openKeyring(keys.path, keys.checks);
  const before = keyring.data;
  const sealed = seal(before, "credential", "x");
  const next = makeNextKey(keys.path, "data");
  keyring.refresh([next, ...keys.checks]);
  expect([keyring.data.kid, [...keyring.oldData.keys()]]).toEqual([before.kid, [next.kid]]);
  keyring.refresh([
    { ...next, state: "live" },
    ...keys.checks.map((check): KeyCheck => (check.kid === before.kid ? { ...check, state: "old" } : check)),
  ]);
  expect(keyring.data.kid).toBe(next.kid);
  expect(openSealed(keyring, sealed, "x").toString()).toBe("credential");
  expect(openSealed(keyring, seal(keyring.data, "new", "y"), "y").toString()).toBe("new");
  expect(() => openSealed(keyring, sealed, "y")).toThrow();
});

test("a new key whose file is not here is refused and the keys of before go on", async () => {
  await using keys = await keyDirectory();
  await using other = await keyDirectory();
  const keyring = openKeyring(keys.path, keys.checks);
  const { kid } = keyring.data;
  expect(() => keyring.refresh([makeNextKey(other.path, "data"), ...keys.checks])).toThrow(KeyringError);
  expect(keyring.data.kid).toBe(kid);
});

test("a pepper to come is looked up like the one before, and becomes the live one", async () => {
  await using keys = await keyDirectory();
  const keyring = openKeyring(keys.path, keys.checks);
  const before = keyring.pepper;
  const next = makeNextKey(keys.path, "pepper");
  keyring.refresh([next, ...keys.checks]);
  expect([keyring.pepper.kid, keyring.pepper.previous?.kid]).toEqual([before.kid, next.kid]);
});
