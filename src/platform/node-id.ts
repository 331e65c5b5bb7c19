import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { newId } from "./ids.ts";
import { writePrivateFile } from "./write-private-file.ts";

/**
 * The id of the node that works in this data directory: the same after each start, so that a node which was killed is
 * not waited for once it runs again.
 */
export async function openNodeId(dataDir: string): Promise<string> {
  const path = join(dataDir, "node-id");
  try {
    const found = (await readFile(path, "utf8")).trim();
    if (/^nod_[0-9a-z]{26}$/.test(found)) return found;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  const made = newId("nod");
  await writePrivateFile(path, `${made}\n`);
  return made;
}
