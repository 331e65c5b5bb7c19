import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { keyFileIds, keyFilePath, makeKeyFile, readKeyFile } from "./key-files.ts";
import { KeyringError } from "./keyring-error.ts";
import type { DataKey } from "./seal.ts";

export type Pepper = { kid: string; key: Buffer };

export type Keyring = {
  /** Of token digests. `previous` still stands in rows that have not been rewritten. */
  pepper: Pepper & { previous?: Pepper };
  /** Seals what is new. */
  data: DataKey;
  /** 32 bytes in a file of that name in the key directory, made (0600) on first use. */
  namedSecret(name: string): Buffer;
};

export type KeyPurpose = "pepper" | "data";

/** What the database knows about a key: enough to notice a missing or a wrong file, not enough to be the key. */
export type KeyCheck = { kid: string; purpose: KeyPurpose; check_value: Buffer; state: "live" | "old" | "ended" };

/** HMAC-SHA-256(key, "aqueduto-check"). */
export function keyCheckValue(key: Buffer): Buffer {
  return createHmac("sha256", key).update("aqueduto-check").digest();
}

/**
 * The keys of an installation that has none in its database yet: made in the directory (0700), or taken from there
 * when an earlier first start ended before the database knew them. Throws KeyringError when it is not clear which.
 */
export async function makeFirstKeys(directory: string): Promise<KeyCheck[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return [await makeFirstKey(directory, "pepper"), await makeFirstKey(directory, "data")];
}

async function makeFirstKey(directory: string, purpose: KeyPurpose): Promise<KeyCheck> {
  const found = await keyFileIds(directory, purpose);
  if (found.length > 1) {
    throw new KeyringError(
      `The database knows no keys, and ${directory} has several of kind ${purpose} (${found.join(", ")}). This looks like another installation's directory: give this one its own AQUEDUTO_KEYS.`,
    );
  }
  const kid = found[0] ?? randomBytes(4).toString("hex");
  const key = makeKeyFile(keyFilePath(directory, purpose, kid));
  return { kid, purpose, check_value: keyCheckValue(key), state: "live" };
}

/**
 * Opens the keys that the database's rows need. Throws KeyringError, and makes nothing, when a file is missing or
 * holds another key.
 */
export function openKeyring(directory: string, checks: readonly KeyCheck[]): Keyring {
  const needed = checks.filter((check) => check.state !== "ended");
  const keys = new Map(needed.map((check) => [check.kid, openKey(directory, check)]));
  const live = (purpose: KeyPurpose) =>
    theOnly(
      needed.filter((check) => check.purpose === purpose && check.state === "live"),
      purpose,
    );
  const withKey = ({ kid }: KeyCheck) => ({ kid, key: keys.get(kid) ?? Buffer.alloc(0) });
  const previous = needed.find((check) => check.purpose === "pepper" && check.state === "old");
  return {
    pepper: { ...withKey(live("pepper")), ...(previous === undefined ? {} : { previous: withKey(previous) }) },
    data: withKey(live("data")),
    namedSecret: (name) => namedSecret(directory, name),
  };
}

function theOnly(found: KeyCheck[], purpose: KeyPurpose): KeyCheck {
  const [check] = found;
  if (check !== undefined && found.length === 1) return check;
  throw new KeyringError(`aqueduto.key_check must have one live key of kind ${purpose}; it has ${found.length}.`);
}

function openKey(directory: string, { kid, purpose, check_value }: KeyCheck): Buffer {
  const path = keyFilePath(directory, purpose, kid);
  const key = readKeyFile(path);
  if (key === undefined) {
    throw new KeyringError(
      `Key ${kid} (${purpose}) is missing: rows of the database need ${path}. Bring it back from the backup of AQUEDUTO_KEYS; no replacement is made, because what the key protects would be lost.`,
    );
  }
  const value = keyCheckValue(key);
  if (value.length !== check_value.length || !timingSafeEqual(value, check_value)) {
    throw new KeyringError(
      `Key ${kid} (${purpose}) in ${path} is not the one that the rows of the database need. Bring the right file back from the backup of AQUEDUTO_KEYS.`,
    );
  }
  return key;
}

function namedSecret(directory: string, name: string): Buffer {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) throw new RangeError("a secret's name is kebab-case");
  const path = join(directory, `secret-${name}`);
  return readKeyFile(path) ?? makeKeyFile(path);
}
