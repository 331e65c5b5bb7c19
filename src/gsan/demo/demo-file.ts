import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Secret } from "../../platform/secret.ts";
import { writePrivateFile } from "../../platform/write-private-file.ts";

/** What demo.json holds, for scripts; the one documented place where the demo's token stands. */
export type DemoFile = {
  gateway: string;
  admin: string;
  base: string;
  receiver: string;
  token: string;
  accessId: string;
  licenseId: string;
  partnerId: string;
  webhookId: string;
  matricula: number;
  cpf: string;
  call: { method: string; path: string };
  forbidden: { method: string; path: string };
};

export async function writeDemoFile(dataDir: string, content: DemoFile): Promise<void> {
  await writePrivateFile(join(dataDir, "demo.json"), `${JSON.stringify(content, null, 2)}\n`);
}

/** The token of the last start; undefined when the file is not there or not whole. */
export async function readDemoToken(dataDir: string): Promise<Secret | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dataDir, "demo.json"), "utf8"));
    if (typeof value !== "object" || value === null || !("token" in value) || typeof value.token !== "string") return undefined;
    return new Secret(value.token);
  } catch {
    return undefined;
  }
}
