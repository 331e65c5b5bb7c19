import type { Log } from "../platform/log.ts";
import { startAlertJob } from "./alert/alert-job.ts";
import type { AlertSources } from "./alert/find.ts";
import type { AlertTeller } from "./alert/tell.ts";
import type { ActionContext } from "./context.ts";
import { startNodeRevocationJob } from "./token/node-revocation-job.ts";
import { startRevocationJob } from "./revocation/settle-job.ts";
import { startHealthJob } from "./service/health-job.ts";
import { startRetiredTokenJob } from "./token/retired-token-job.ts";
import { startTokenUseJob } from "./token/use-job.ts";

/** What the control room does by itself, in every process: overlaps, open revocations, last uses, health of services, alerts. */
export function startControlJobs(
  deps: Pick<ActionContext, "db" | "clock" | "keyring">,
  log: Log,
  alerts: { sources: AlertSources; teller: AlertTeller },
): { stop(): Promise<void> } {
  const jobs = [
    startRetiredTokenJob(deps, log),
    startRevocationJob(deps, log),
    startTokenUseJob(deps.db, log),
    startHealthJob(deps, log),
    startNodeRevocationJob(deps, log),
    startAlertJob(deps, log, alerts),
  ];
  return {
    async stop() {
      await Promise.all(jobs.map((job) => job.stop()));
    },
  };
}
