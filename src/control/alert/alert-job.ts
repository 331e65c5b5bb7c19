import type { Alert } from "../../contract/alert.ts";
import { platformTx } from "../../db/tx.ts";
import type { Log } from "../../platform/log.ts";
import { startRepeating } from "../../platform/repeat.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { type AlertSources, findInStore, findOwn } from "./find.ts";
import { settleAlerts } from "./settle.ts";
import type { AlertTeller } from "./tell.ts";

const everyMs = 30_000;

type JobDeps = Pick<ActionContext, "db" | "clock" | "keyring">;

/** One look at every rule for every tenant; what changed. */
export async function lookForAlerts(deps: JobDeps, sources: AlertSources): Promise<Alert[]> {
  const stored = await findInStore(deps.db, sources.tenantId);
  const own = findOwn(sources, deps.clock.now()).map((one) => ({ ...one, tenant_id: sources.tenantId }));
  const all = [...stored, ...own];
  const tenants = await platformTx(deps.db, (tx) => tx.selectFrom("tenant").select("tenant_id").execute());
  const changed: Alert[] = [];
  for (const { tenant_id: tenantId } of tenants) {
    const findings = all.filter((one) => one.tenant_id === tenantId);
    changed.push(...(await settleAlerts(systemContext(deps, tenantId, "alerts"), findings, sources.nodeId)));
  }
  return changed;
}

/** Looks each 30 s. A store that is away is asked again at the next turn. */
export function startAlertJob(deps: JobDeps, log: Log, { sources, teller }: { sources: AlertSources; teller: AlertTeller }) {
  const job = startRepeating({
    everyMs,
    async turn() {
      const changed = await lookForAlerts(deps, sources);
      for (const { alert_id: alertId, rule, subject, state } of changed) log.warn({ alertId, rule, subject, state }, "alert");
      await teller.tell(changed);
    },
    failed: "alerts could not be looked for or told; tried again in 30 s",
    log,
  });
  return {
    async stop(): Promise<void> {
      await job.stop();
      await teller.close();
    },
  };
}
