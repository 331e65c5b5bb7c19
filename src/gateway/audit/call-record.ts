import type { AccessPhase, AccessRecord } from "../../contract/access-record.ts";
import { seal, type DataKey } from "../../platform/seal.ts";
import type { Call } from "../call.ts";

export type Outcome = { status: number; code: string; clause?: string; bytes?: number };

const maxAgentLength = 300;

/** The audit record of a call. Address and user agent are sealed before they go anywhere, bound to the record's id. */
export function callRecord(
  call: Call,
  id: string,
  phase: AccessPhase,
  more: { outcome: Outcome; endedMs: number; dataKey: DataKey },
): AccessRecord {
  const { outcome, dataKey } = more;
  const agent = call.headers.userAgent?.slice(0, maxAgentLength);
  return {
    id,
    at: call.at.toISOString(),
    phase,
    ...holderOf(call),
    ...(call.seen.operation === undefined || call.seen.token === undefined ? {} : { operationId: call.seen.operation.operationId }),
    method: call.method,
    route: call.seen.operation?.path ?? "*",
    status: outcome.status,
    code: outcome.code,
    ...(outcome.clause === undefined ? {} : { clause: outcome.clause }),
    requestId: call.requestId,
    ...(phase === "answer" && call.seen.subjects !== undefined ? { subjects: [...call.seen.subjects].join(",") } : {}),
    ...(outcome.bytes === undefined ? {} : { bytes: outcome.bytes }),
    durationMs: Math.max(0, Math.round(more.endedMs - call.startedMs)),
    ipSealed: seal(dataKey, call.address, `access.ip:${id}`).toString("base64"),
    ...(agent === undefined || agent === "" ? {} : { agentSealed: seal(dataKey, agent, `access.agent:${id}`).toString("base64") }),
  };
}

function holderOf(call: Call): Partial<AccessRecord> {
  const { token } = call.seen;
  if (token === undefined) return {};
  const { access } = token;
  return {
    tenantId: access.license.tenantId,
    partnerId: access.license.partnerId,
    licenseId: access.license.licenseId,
    licenseVersion: access.license.version,
    clientId: access.clientId,
    accessId: access.accessId,
    tokenId: token.tokenId,
  };
}
