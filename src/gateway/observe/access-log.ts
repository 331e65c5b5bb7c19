import type { Log } from "../../platform/log.ts";
import type { CallObserver } from "./call-observer.ts";

/**
 * One JSON line for each call, for whoever runs the node: ids, template and numbers. No path, query, address, agent or
 * token: what is personal is in the audit, sealed.
 */
export function createAccessLog(log: Log): CallObserver {
  // on when it is asked for, however quiet the rest of the log is
  const lines = log.child({ log: "access" }, { level: "info" });
  return ({ requestId, method, seen }, { status, code, clause, bytes }, durationMs) => {
    const access = seen.token?.access;
    lines.info({
      requestId,
      method,
      route: seen.operation?.path ?? "*",
      operationId: seen.operation?.operationId,
      status,
      code,
      clause,
      bytes,
      durationMs: Math.round(durationMs * 1000) / 1000,
      licenseId: access?.license.licenseId,
      accessId: access?.accessId,
    });
  };
}
