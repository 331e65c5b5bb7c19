import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBackup, readKeyFiles, restoreKeyFiles, sealBackup } from "./key-backup.ts";
import { KeyringError } from "./keyring-error.ts";
import { type Keyring, makeFirstKeys, openKeyring } from "./keyring.ts";

const passphrase = "correct horse battery staple";

async function directory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "aqueduto-keys-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a backup brings every key back as it was, and no API key", async () => {
  await using from = await directory();
  await using to = await directory();
  const checks = await makeFirstKeys(from.path);
  const keyring = openKeyring(from.path, checks);
  const secret = keyring.namedSecret("service-base");
  await writeFile(join(from.path, "operator"), "aqk_x\n", { mode: 0o600 });
  const text = await sealBackup(await readKeyFiles(from.path), passphrase);
  expect(text).not.toContain(keyring.data.key.toString("hex"));
  const files = await openBackup(text, passphrase);
  expect([...files.keys()]).not.toContain("operator");
  await restoreKeyFiles(to.path, files);
  const restored = openKeyring(to.path, checks);
  const keysOf = ({ data, pepper, reference, subject }: Keyring) => [data, pepper, reference, subject];
  expect(keysOf(restored)).toEqual(keysOf(keyring));
  expect(restored.namedSecret("service-base")).toEqual(secret);
  for (const name of files.keys()) expect((await stat(join(to.path, name))).mode & 0o777).toBe(0o600);
});

test("another passphrase, a changed byte and another file do not open", async () => {
  await using from = await directory();
  await makeFirstKeys(from.path);
  const text = await sealBackup(await readKeyFiles(from.path), passphrase);
  await expect(openBackup(text, `${passphrase}x`)).rejects.toThrow(KeyringError);
  const sealed = JSON.parse(text) as { sealed: string };
  const bytes = Buffer.from(sealed.sealed, "base64");
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  await expect(openBackup(JSON.stringify({ ...sealed, sealed: bytes.toString("base64") }), passphrase)).rejects.toThrow("damaged");
  for (const other of ["", "{}", "null", "[1]", `{"format":"aqueduto-keys/1"}`])
    await expect(openBackup(other, passphrase)).rejects.toThrow(KeyringError);
});

test("a directory that has keys is not written to", async () => {
  await using from = await directory();
  await using to = await directory();
  await makeFirstKeys(from.path);
  const [first] = await makeFirstKeys(to.path);
  const path = join(to.path, `pepper-${first?.kid}`);
  const before = await readFile(path, "utf8");
  await expect(restoreKeyFiles(to.path, await readKeyFiles(from.path))).rejects.toThrow("has keys already");
  expect(await readFile(path, "utf8")).toBe(before);
});

test("a short passphrase, an empty directory and one that is not there make no backup", async () => {
  await using from = await directory();
  await expect(readKeyFiles(from.path)).rejects.toThrow("holds no keys");
  await expect(readKeyFiles(join(from.path, "none"))).rejects.toThrow("holds no keys");
  await makeFirstKeys(from.path);
  await expect(sealBackup(await readKeyFiles(from.path), "short")).rejects.toThrow("at least 16");
});
