import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { createClient, type Client } from "../contract/client.ts";
import { loadConfig } from "../platform/config.ts";
import { readRunFile } from "../platform/run-file.ts";
import { CommandError } from "./failure.ts";
import { fetchAs, type OwnSession, ownSession } from "./own-session.ts";

type GlobalOptions = { admin?: string; keyFile?: string; asMe?: boolean };

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

/** A client of the admin API: as the person of --as-me, with the key of --key-file, else with the operator's key of this machine. */
export async function connect(command: Command): Promise<Client> {
  const { keyFile, asMe } = command.optsWithGlobals<GlobalOptions>();
  const baseUrl = await adminUrl(command);
  if (asMe === true) return (await connectAsPerson(command)).client;
  const key = await readKey(keyFile ?? join(loadConfig().keysDir, "operator"));
  return createClient({ fetch, baseUrl, key });
}

/** A client that speaks as the signed-in person, with or without --as-me: for what a person alone has, like a password. */
export async function connectAsPerson(command: Command): Promise<{ client: Client; session: OwnSession }> {
  const baseUrl = await adminUrl(command);
  const session = await ownSession(baseUrl);
  return { client: createClient({ fetch: fetchAs(session), baseUrl }), session };
}

async function readKey(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new CommandError(`the API key cannot be read from ${file}; give --key-file, or run npm start here first`, { cause });
  }
}
