import { chmod, chown, mkdir, readFile, stat } from "node:fs/promises";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Binaries, locateBinaries, usableBinaries } from "./binaries.ts";
import { canSearch, type Owner, serverOwner } from "./owner.ts";
import { EmbeddedServerError } from "./server-error.ts";

/**
 * Where the server lives. `<data>/pg` is the platform's: password, log, run file. `<data>/pg/server` is the server
 * user's, with the cluster in it.
 */
export type Place = {
  home: string;
  serverHome: string;
  cluster: string;
  owner: Owner | undefined;
  binaries: Binaries;
  /** `serverHome` as the server's process names it, and the open directory behind that name where it needs one. */
  seen: { serverHome: string; descriptor: number | undefined };
};

/** The directories of a place, there or not. */
export function placeNames(dataDirectory: string): Pick<Place, "home" | "serverHome" | "cluster"> {
  const home = join(dataDirectory, "pg");
  const serverHome = join(home, "server");
  return { home, serverHome, cluster: join(serverHome, "cluster") };
}

/**
 * Makes the directories with the narrowest rights that work. As root: the data directory becomes searchable (x, not
 * readable) for the server's user; nothing above it is changed. When a directory above it is closed to that user
 * (a clone below a 0700 home), the server gets its home as an open descriptor and names it /proc/self/fd/3.
 */
export async function preparePlace(dataDirectory: string, installation?: Binaries): Promise<Place> {
  const { home, serverHome, cluster } = placeNames(dataDirectory);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const owner = await serverOwner(cluster);
  if (owner !== undefined) {
    await allowSearch(dataDirectory);
    await allowSearch(home);
  }
  await mkdir(serverHome, { recursive: true, mode: 0o700 });
  if (owner !== undefined) await chown(serverHome, owner.uid, owner.gid);
  await refuseForeign(cluster);
  const binaries = await usableBinaries(installation ?? (await locateBinaries()), home, owner);
  await refuseOtherVersion(cluster, binaries.major);
  return { home, serverHome, cluster, owner, binaries, seen: await seenBy(serverHome, owner) };
}

/** Gives the open directory back; the place cannot start programs any more. */
export function leavePlace(place: Place): void {
  if (place.seen.descriptor !== undefined) closeSync(place.seen.descriptor);
  place.seen.descriptor = undefined;
}

async function allowSearch(directory: string): Promise<void> {
  const { mode } = await stat(directory);
  if ((mode & 0o001) === 0) await chmod(directory, (mode & 0o7777) | 0o011);
}

async function seenBy(serverHome: string, owner: Owner | undefined): Promise<Place["seen"]> {
  if (await canSearch(serverHome, owner)) return { serverHome, descriptor: undefined };
  if (process.platform !== "linux") {
    throw new EmbeddedServerError(
      `PostgreSQL runs as user ${owner?.uid ?? "?"}, who cannot come to ${serverHome}. Give another AQUEDUTO_DATA, start as a normal user, or set DATABASE_URL.`,
    );
  }
  return { serverHome: "/proc/self/fd/3", descriptor: openSync(serverHome, "r") };
}

/** A cluster belongs to one user; PostgreSQL would refuse with a text that does not help. */
async function refuseForeign(cluster: string): Promise<void> {
  const found = await stat(cluster).catch(() => undefined);
  const self = process.getuid?.();
  if (found === undefined || self === undefined || self === 0 || found.uid === self) return;
  throw new EmbeddedServerError(
    `The database in ${cluster} belongs to user ${found.uid}, and this start runs as user ${self}. Start as that user (or as root), or give another AQUEDUTO_DATA.`,
  );
}

async function refuseOtherVersion(cluster: string, major: number): Promise<void> {
  const text = await readFile(join(cluster, "PG_VERSION"), "utf8").catch(() => undefined);
  if (text === undefined || text.trim() === String(major)) return;
  throw new EmbeddedServerError(
    `The database in ${cluster} was made by PostgreSQL ${text.trim()}, and this release brings PostgreSQL ${major}. Nothing was changed. Start with the release that made it, dump it there and restore it into a new AQUEDUTO_DATA.`,
  );
}
