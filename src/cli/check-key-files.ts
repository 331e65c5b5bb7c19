import type { InstallationKey } from "../contract/keyring.ts";
import type { KeyFiles } from "../platform/key-backup.ts";
import { keyCheckValue } from "../platform/keyring.ts";

/** What is wrong with key files, given the keys that the database needs: one line each, none = all is well. */
export function keyFaults(
  files: KeyFiles,
  needed: readonly Pick<InstallationKey, "kid" | "purpose" | "state" | "check_value">[],
): string[] {
  return needed
    .filter((key) => key.state !== "ended")
    .flatMap((key) => {
      const name = `${key.purpose}-${key.kid}`;
      const bytes = files.get(name);
      if (bytes === undefined) return [`${name} is missing: rows of the database need it`];
      return keyCheckValue(bytes).toString("hex") === key.check_value ? [] : [`${name} is another key than the database needs`];
    });
}
