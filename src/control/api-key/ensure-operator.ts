import { readFile } from "node:fs/promises";
import { errorCode } from "../../platform/error-code.ts";
import { Secret } from "../../platform/secret.ts";
import { writePrivateFile } from "../../platform/write-private-file.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { authenticateApiKey } from "./authenticate.ts";
import { createApiKey } from "./create.ts";
import { newApiKeyText } from "./key-format.ts";

const operatorName = "operator";

/**
 * The operator's key of the first start: written to `file` (0600), its digest to the store. The file comes first, so a
 * start that is killed in between finishes at the next one. Later starts change nothing: a file that was removed, or a
 * key that was ended, stays so. Returns whether the file's key works.
 */
export async function ensureOperatorKey(ctx: ActionContext, file: string): Promise<boolean> {
  const found = await readKey(file);
  if (found !== undefined && (await authenticateApiKey(ctx.db, ctx.keyring, found)) !== undefined) return true;
  if (await hasOperatorKey(ctx)) return false;
  const text = found ?? newApiKeyText();
  if (found === undefined) await writePrivateFile(file, `${text}\n`);
  await createApiKey(ctx, { name: operatorName, scopes: ["operator"], text: new Secret(text) });
  return true;
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function hasOperatorKey(ctx: ActionContext): Promise<boolean> {
  const row = await tenantTx(ctx.db, ctx.tenantId, (tx) =>
    tx.selectFrom("api_key").select("key_id").where("tenant_id", "=", ctx.tenantId).where("name", "=", operatorName).executeTakeFirst(),
  );
  return row !== undefined;
}
