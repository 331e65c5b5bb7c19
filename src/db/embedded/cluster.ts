import { randomBytes } from "node:crypto";
import type { ChildProcess } from "node:child_process";
import { chown, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "../../platform/write-private-file.ts";
import type { Place } from "./place.ts";
import { runProgram } from "./run-program.ts";
import { EmbeddedServerError } from "./server-error.ts";

/** Name of the superuser and of the platform's database. */
export const platformName = "aqueduto";

/** True when a whole cluster is there; initdb works under another name until it is done. */
export async function hasCluster(place: Place): Promise<boolean> {
  const found = await stat(join(place.cluster, "PG_VERSION")).catch(() => undefined);
  return found !== undefined;
}

/** Makes the cluster: UTF8, locale C, data checksums, a random superuser password, scram for every connection. */
export async function createCluster(place: Place, isDurable: boolean): Promise<void> {
  const password = randomBytes(24).toString("base64url");
  const draft = join(place.serverHome, "cluster.draft");
  const passwordFile = join(place.serverHome, "password.draft");
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (place.owner !== undefined) await chown(passwordFile, place.owner.uid, place.owner.gid);
    await initialize(place, isDurable);
    await writePrivateFile(passwordPath(place), password);
    await rename(draft, place.cluster);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function initialize(place: Place, isDurable: boolean): Promise<void> {
  const args = [
    `--pgdata=${place.seen.serverHome}/cluster.draft`,
    `--username=${platformName}`,
    `--pwfile=${place.seen.serverHome}/password.draft`,
    "--auth-local=scram-sha-256",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
    ...(isDurable ? [] : ["--no-sync"]),
  ];
  const child = runProgram(place, "initdb", args, "pipe");
  const { code, output } = await finished(child);
  if (output.includes("could not look up effective user ID")) {
    throw new EmbeddedServerError(
      `User ${place.owner?.uid ?? process.getuid?.() ?? "?"} has no line in /etc/passwd, and PostgreSQL's initdb needs one. Add it, start as another user, or set DATABASE_URL.`,
    );
  }
  if (code !== 0)
    throw new EmbeddedServerError(`The database could not be made (initdb ended with ${code ?? "a signal"}): ${output.trim().slice(-600)}`);
}

function finished(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; output: string }>();
  let output = "";
  child.stdout?.on("data", (part: Buffer) => (output += part.toString()));
  child.stderr?.on("data", (part: Buffer) => (output += part.toString()));
  child.once("error", (error) => reject(new EmbeddedServerError(`initdb did not start: ${error.message}`, error)));
  child.once("close", (code) => resolve({ code, output }));
  return promise;
}

/** The superuser's password; only we read that file. */
export async function readPassword(place: Place): Promise<string> {
  try {
    return (await readFile(passwordPath(place), "utf8")).trim();
  } catch (error) {
    throw new EmbeddedServerError(
      `The password of the database is missing: ${passwordPath(place)}. Bring it back from the backup of the data directory.`,
      error,
    );
  }
}

function passwordPath(place: Place): string {
  return join(place.home, "superuser-password");
}
