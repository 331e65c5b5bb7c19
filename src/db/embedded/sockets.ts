import { chown, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Place } from "./place.ts";

// sun_path is 108 bytes on Linux and 104 on macOS, with the closing zero
const longest = 103;
const shortPrefix = "aqueduto-pg-";

/**
 * A directory for the server's socket that both sides can name: in the server's home, or, where that path is too
 * long or closed to the server's user, a random short one in the temporary directory.
 */
export async function makeSocketDirectory(place: Place): Promise<string> {
  const usual = join(place.serverHome, "socket");
  if (place.seen.descriptor === undefined && fits(usual)) {
    await mkdir(usual, { recursive: true, mode: 0o700 });
    await give(place, usual);
    return usual;
  }
  const base = fits(join(tmpdir(), `${shortPrefix}xxxxxx`)) ? tmpdir() : "/tmp";
  const short = await mkdtemp(join(base, shortPrefix));
  await give(place, short);
  return short;
}

/** Removes a directory that makeSocketDirectory made in the temporary directory. */
export async function removeSocketDirectory(directory: string): Promise<void> {
  if (!directory.includes(`/${shortPrefix}`)) return;
  const names = await readdir(directory).catch(() => undefined);
  if (names?.every((name) => name.startsWith(".s.PGSQL.")) === true) await rm(directory, { recursive: true, force: true });
}

function fits(directory: string): boolean {
  return Buffer.byteLength(join(directory, ".s.PGSQL.65535")) <= longest;
}

async function give(place: Place, directory: string): Promise<void> {
  if (place.owner === undefined) return;
  if ((await stat(directory)).uid !== place.owner.uid) await chown(directory, place.owner.uid, place.owner.gid);
}
