import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { Agent } from "undici";
import { appendAdminEntry } from "../../audit/append.ts";
import { platformTx } from "../../db/tx.ts";
import { errorCode } from "../../platform/error-code.ts";
import type { Log } from "../../platform/log.ts";
import { type ActionContext, systemContext } from "../context.ts";
import { requireScope } from "../require-scope.ts";
import { probeTarget, type ProbeResult } from "./probe-target.ts";

const everyMs = 5_000;
/** Targets probed in one turn, all at once; the rest waits for the next turn. */
const batch = 20;
/** So many failures in a row make a target count as down. */
const failuresToDown = 3;

type Due = {
  tenant_id: string;
  service_id: string;
  mode: "live" | "test";
  position: number;
  url: string;
  health_path: string;
  health_state: "unknown" | "up" | "down";
  failures: number;
};

type JobDeps = Pick<ActionContext, "db" | "clock" | "keyring">;

/**
 * Asks each target of a service with a health check whether it serves, no more often than it says. Upstream addresses
 * are set by the utility's administrators, so they are not vetted; a probe carries no credential, follows no redirect,
 * reads no body, and of its answer the status alone is kept.
 */
export async function checkTargets(deps: JobDeps, agent: Agent): Promise<number> {
  const due = await claimDue(deps);
  const results = await Promise.all(due.map((target) => probeTarget(agent, `${target.url}${target.health_path}`)));
  for (const [index, target] of due.entries()) {
    const result = results[index];
    if (result !== undefined) await storeResult(systemContext(deps, target.tenant_id, "service-health"), target, result);
  }
  return due.length;
}

/** Takes what is due and puts it off, so that another node does not ask at the same time. */
async function claimDue(deps: JobDeps): Promise<Due[]> {
  const now = deps.clock.now();
  const { rows } = await platformTx(deps.db, (tx) =>
    sql<Due>`
      UPDATE aqueduto.service_target AS t SET check_due_at = ${now}::timestamptz + make_interval(secs => s.health_every_seconds)
        FROM aqueduto.service s
       WHERE (s.tenant_id, s.service_id) = (t.tenant_id, t.service_id)
         AND (t.tenant_id, t.service_id, t.mode, t.position) IN (
           SELECT tenant_id, service_id, mode, position FROM aqueduto.service_target
             JOIN aqueduto.service USING (tenant_id, service_id)
            WHERE check_due_at <= ${now} AND health_path IS NOT NULL AND state = 'active'
            ORDER BY check_due_at LIMIT ${batch}
            FOR UPDATE OF service_target SKIP LOCKED)
      RETURNING t.tenant_id, t.service_id, t.mode, t.position, t.url, s.health_path, t.health_state, t.failures`.execute(tx),
  );
  return rows;
}

async function storeResult(ctx: ActionContext, target: Due, result: ProbeResult): Promise<void> {
  requireScope(ctx, "services:write");
  const failures = result.up ? 0 : target.failures + 1;
  const state = result.up ? "up" : failures >= failuresToDown ? "down" : target.health_state;
  const now = ctx.clock.now();
  const moved = state !== target.health_state;
  await platformTx(ctx.db, async (tx) => {
    const stored = await tx
      .updateTable("service_target")
      .set({ failures, health_state: state, health_code: result.code, checked_at: now, ...(moved ? { health_since: now } : {}) })
      .where("tenant_id", "=", target.tenant_id)
      .where("service_id", "=", target.service_id)
      .where("mode", "=", target.mode)
      .where("position", "=", target.position)
      // the list may have changed while the probe was under way
      .where("url", "=", target.url)
      .executeTakeFirst();
    if (!moved || stored.numUpdatedRows === 0n) return;
    await appendAdminEntry(tx, ctx, {
      action: "service.health",
      target: { kind: "service", id: target.service_id },
      detail: { mode: target.mode, url: target.url, from: target.health_state, to: state, code: result.code },
    });
  });
}

/** Runs a turn each 5 s. A store that is away is asked again at the next turn. */
export function startHealthJob(deps: JobDeps, log: Log): { stop(): Promise<void> } {
  const agent = new Agent({ connections: 1, pipelining: 1, allowH2: false, keepAliveTimeout: 1, connect: { timeout: 2_000 } });
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await checkTargets(deps, agent);
      } catch (error) {
        log.warn({ code: errorCode(error) }, "service targets could not be checked; tried again in 5 s");
      }
      await pause(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await agent.destroy();
      await running;
    },
  };
}
