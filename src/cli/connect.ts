import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { createClient, type Client } from "../contract/client.ts";
import { loadConfig } from "../platform/config.ts";
import { readRunFile } from "../platform/run-file.ts";
import { CommandError } from "./failure.ts";

type GlobalOptions = { admin?: string; keyFile?: string };

/** Where the admin API is: --admin, else what the running platform recorded, else AQUEDUTO_ADMIN_LISTEN. */
export async function adminUrl(command: Command): Promise<string> {
  const { admin } = command.optsWithGlobals<GlobalOptions>();
  if (admin !== undefined) return checkedUrl(admin);
  const config = loadConfig();
  const run = await readRunFile(config.dataDir);
  const host = config.admin.host.includes(":") ? `[${config.admin.host}]` : config.admin.host;
  return run?.admin ?? `http://${host}:${config.admin.port}`;
}

function checkedUrl(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ""))
    throw new CommandError("--admin needs a URL, for instance https://aqueduto.example:8081", { usage: true });
  return text.replace(/\/+$/, "");
}

/** A client of the admin API with the key of --key-file, else the operator's key of this machine. */
export async function connect(command: Command): Promise<Client> {
  const { keyFile } = command.optsWithGlobals<GlobalOptions>();
  const baseUrl = await adminUrl(command);
  const key = await readKey(keyFile ?? join(loadConfig().keysDir, "operator"));
  return createClient({ fetch, baseUrl, key });
}

async function readKey(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new CommandError(`the API key cannot be read from ${file}; give --key-file, or run npm start here first`, { cause });
  }
}
