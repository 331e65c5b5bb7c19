import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { KeyringError } from "./keyring-error.ts";

export const keyBytes = 32;

/** The 32 bytes in a key file (64 hexadecimal digits); undefined when there is no such file. Throws KeyringError on another content or a file that everybody can read. */
export function readKeyFile(path: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(path, "latin1").trim();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new KeyringError(
      `The key file ${path} cannot be read (${errorCode(error) ?? "unknown"}). Give it to the user that runs the platform, mode 0600.`,
    );
  }
  if (process.platform !== "win32" && (statSync(path).mode & 0o007) !== 0) {
    throw new KeyringError(
      `The key file ${path} is open to every user of this machine. Run chmod 600 on it; if others have used this machine, rotate the key.`,
    );
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new KeyringError(`The key file ${path} is damaged: it must hold 64 hexadecimal digits. Bring it back from its backup.`);
  return Buffer.from(text, "hex");
}

/** Makes a key file (0600) with random bytes unless it is there, whole or not at all; answers what the file holds. */
export function makeKeyFile(path: string): Buffer {
  const draft = `${path}.${randomBytes(6).toString("hex")}.draft`;
  writeFileSync(draft, `${randomBytes(keyBytes).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  try {
    // link(2) never replaces: of two that make it at once, both use the first one's
    linkSync(draft, path);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const key = readKeyFile(path);
  if (key === undefined) throw new KeyringError(`The key file ${path} vanished while it was made.`);
  return key;
}

/** Writes a key file (0600) that is not there yet. */
export function writeKeyFile(path: string, key: Buffer): void {
  writeFileSync(path, `${key.toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
}

/** Ids of the key files of one purpose in the directory. */
export async function keyFileIds(directory: string, purpose: string): Promise<string[]> {
  const pattern = new RegExp(`^${purpose}-([0-9a-z]{8})$`);
  const names = await readdir(directory);
  return names.flatMap((name) => pattern.exec(name)?.[1] ?? []);
}

export function keyFilePath(directory: string, purpose: string, kid: string): string {
  return join(directory, `${purpose}-${kid}`);
}
