import type { Client } from "../contract/client.ts";
import type { Reply } from "../contract/routes.ts";
import { ask } from "./ask.ts";
import { CommandError } from "./failure.ts";

/** Gives a second factor: the code, else what is asked for. A recovery code is only asked for: it stays good until it is used. */
export async function giveFactor(client: Client, code: string | undefined): Promise<void> {
  if (code !== undefined && !isAppCode(code))
    throw new CommandError("--code is six digits of the authenticator app; a recovery code is given when asked", { usage: true });
  const given = code ?? (await ask("Code of the authenticator app, or a recovery code: ")).trim();
  await client.call("POST /v1/second-factor", { body: isAppCode(given) ? { totp: given } : { recovery_code: given } });
}

function isAppCode(text: string): boolean {
  return /^\d{6}$/.test(text);
}

/** Adds an authenticator app: shows its key, asks for the first code. The first factor brings recovery codes. */
export async function addApp(client: Client, name: string): Promise<Reply<"POST /v1/factors/{factor_id}/confirm">> {
  const app = await client.call("POST /v1/factors/totp", { body: { name } });
  process.stderr.write(`Add this key to an authenticator app: ${app.secret}\n${app.uri}\n`);
  const totp = (await ask("Code that the app shows: ")).trim();
  return client.call("POST /v1/factors/{factor_id}/confirm", { params: { factor_id: app.factor_id }, body: { totp } });
}
