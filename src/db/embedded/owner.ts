import { lstat, readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** The user that PostgreSQL runs as when the platform runs as root. */
export type Owner = { uid: number; gid: number };

/**
 * Whom to run PostgreSQL as: undefined = as ourselves. PostgreSQL refuses root, so root drops to the owner of an
 * existing cluster, else to the unprivileged user.
 */
export async function serverOwner(clusterDirectory: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const found = await stat(clusterDirectory).catch(() => undefined);
  return found !== undefined && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : unprivilegedUser();
}

// "nobody" on today's Linux; owns no files elsewhere
const nobody: Owner = { uid: 65_534, gid: 65_534 };

/** initdb wants a user that /etc/passwd knows; older systems give nobody another number. */
async function unprivilegedUser(): Promise<Owner> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  const users = text
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const found = users.find((user) => user.uid === nobody.uid) ?? users.find((user) => user.name === "nobody" && user.uid > 0);
  return found === undefined ? nobody : { uid: found.uid, gid: found.gid };
}

/** True when the owner may search every directory from the root down to and including this one (mode bits only). */
export async function canSearch(directory: string, owner: Owner | undefined): Promise<boolean> {
  if (owner === undefined) return true;
  let at = await realpath(directory);
  for (;;) {
    if (!(await isAllowed(at, owner, 1))) return false;
    const parent = dirname(at);
    if (parent === at) return true;
    at = parent;
  }
}

/** True when the owner may read the file, or list and search the directory, once it has come there. */
export async function canRead(path: string, owner: Owner): Promise<boolean> {
  const isDirectory = (await lstat(path)).isDirectory();
  return isAllowed(path, owner, isDirectory ? 5 : 4);
}

/** `bits`: 4 read, 2 write, 1 execute or search. */
async function isAllowed(path: string, owner: Owner, bits: number): Promise<boolean> {
  const found = await stat(path);
  const shift = found.uid === owner.uid ? 6 : found.gid === owner.gid ? 3 : 0;
  return ((found.mode >> shift) & bits) === bits;
}
