import { platformTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { createTenant } from "./create.ts";

type Deps = Pick<ActionContext, "db" | "clock" | "keyring">;

/** The tenant of this installation: the oldest there is, else a new one of this name. */
export async function ensureFirstTenant(deps: Deps, first: { name: string; demo: boolean }): Promise<string> {
  const oldest = await platformTx(deps.db, (tx) =>
    tx.selectFrom("tenant").select("tenant_id").orderBy("created_at").limit(1).executeTakeFirst(),
  );
  if (oldest !== undefined) return oldest.tenant_id;
  const { tenant_id } = await createTenant(systemContext(deps, newId("ten"), "first-start"), first);
  return tenant_id;
}
