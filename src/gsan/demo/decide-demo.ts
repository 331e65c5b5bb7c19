import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigError, mayRunDemo } from "../../platform/config.ts";
import { errorCode } from "../../platform/error-code.ts";
import { writePrivateFile } from "../../platform/write-private-file.ts";

export type DemoDecision = { on: boolean };

const mark = "demo";

/**
 * Whether this start is a demo: allowed by the configuration, and the data directory empty (then it is marked, for good)
 * or marked before. Throws ConfigError where demo data and real data would share a directory.
 */
export async function decideDemo(config: Config): Promise<DemoDecision> {
  const found = await entries(config.dataDir);
  const marked = found.includes(mark);
  if (!mayRunDemo(config)) {
    if (marked)
      throw new ConfigError(`${config.dataDir} holds a demo. Give the real platform another AQUEDUTO_DATA, or start the demo as it was.`);
    return { on: false };
  }
  if (!marked && found.length > 0) {
    if (config.demo === "on")
      throw new ConfigError(
        `AQUEDUTO_DEMO=on needs an empty AQUEDUTO_DATA, or one that a demo made: ${config.dataDir} holds something else.`,
      );
    return { on: false };
  }
  if (!marked) await markAsDemo(config.dataDir);
  return { on: true };
}

async function markAsDemo(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writePrivateFile(join(dataDir, mark), "synthetic data only\n");
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

// locks, and a mark that was being written when the start was killed, tell nothing of the content
const ignored = /^(platform\.lock.*|demo\.[0-9a-f]+\.tmp|lost\+found)$/;

async function entries(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => !ignored.test(name));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw unusable(directory, error);
  }
}

function unusable(directory: string, error: unknown): ConfigError {
  return new ConfigError(
    `AQUEDUTO_DATA must be a directory that this user may read and write: ${directory} is not (${errorCode(error) ?? "?"}).`,
  );
}
