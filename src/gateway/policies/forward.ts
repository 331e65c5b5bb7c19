import { takeRandom } from "../../platform/random-pool.ts";
import type { Call } from "../call.ts";
import type { Grant, OperationPolicy, TokenPolicy } from "../policy/snapshot.ts";
import { Refusal } from "../refusal.ts";
import { UpstreamFailure, type UpstreamAnswer } from "../upstream/upstream-client.ts";
import type { TargetGroup } from "../upstream/target-book.ts";
import { UpstreamUnavailable, type Upstreams } from "../upstream/upstreams.ts";
import type { ValidRequest } from "../validation/request-contract.ts";

/** The identity header is good for this long: the longest operation's deadline (60 s) may not outlive a stolen one by much. */
const identitySeconds = 30;

/**
 * Step 7, the way up: the service's own credential, the signed identity, and a request made anew. No header of the
 * caller passes. A test access reaches the sandbox target alone, a live one never does.
 */
export async function forward(
  call: Call,
  token: TokenPolicy,
  grant: Grant,
  more: { request: ValidRequest; upstream: Upstreams },
): Promise<UpstreamAnswer> {
  const { operation } = grant;
  try {
    return await more.upstream.send(targetsOf(operation, token.access.mode), {
      method: operation.method,
      path: more.request.path,
      headers: upstreamHeaders(call, token, operation, more.request.body),
      body: more.request.body,
      timeoutMs: operation.timeoutMs,
    });
  } catch (error) {
    if (error instanceof UpstreamFailure) throw failureOf(error);
    if (error instanceof UpstreamUnavailable) throw unavailable(error);
    throw error;
  }
}

function targetsOf(operation: OperationPolicy, mode: "live" | "test"): TargetGroup {
  const group = operation.service.targets[mode];
  if (group !== undefined) return group;
  throw new Refusal("upstream-failed", {
    clause: "no-target",
    detail: `The service has no ${mode === "live" ? "live" : "sandbox"} target for ${mode} accesses.`,
  });
}

function upstreamHeaders(call: Call, token: TokenPolicy, operation: OperationPolicy, body: string | undefined): Record<string, string> {
  const { license, accessId } = token.access;
  const identity = operation.service.signIdentity({
    tenant: license.tenantId,
    partner: license.partnerId,
    license: license.licenseId,
    license_version: license.version,
    access: accessId,
    operation: operation.operationId,
    request_id: call.requestId,
    exp: Math.floor(call.at.getTime() / 1000) + identitySeconds,
  });
  return {
    accept: "application/json",
    authorization: `Bearer ${operation.service.credential.reveal()}`,
    "aqueduto-identity": identity,
    "x-request-id": call.requestId,
    // made anew from the connection and the trusted proxies: what a caller claims of its way never passes
    "x-forwarded-for": call.address,
    forwarded: `for=${call.address.includes(":") ? `"[${call.address}]"` : call.address}`,
    // a trace of our own (W3C Trace Context): a caller's trace id would tie its other systems to ours
    traceparent: `00-${takeRandom(16).toString("hex")}-${takeRandom(8).toString("hex")}-01`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
}

const unavailableDetails = {
  "circuit-open": "The service failed too often and is not asked for a moment.",
  "queue-full": "The service has as many calls waiting as it may.",
} as const satisfies Record<UpstreamUnavailable["reason"], string>;

/** Refused at once: nothing was sent, so any call may be sent again. */
function unavailable({ reason, retryAfterMs }: UpstreamUnavailable): Refusal {
  return new Refusal("upstream-unavailable", {
    clause: `upstream-${reason}`,
    detail: `${unavailableDetails[reason]} Nothing was sent to it: try again after the seconds of Retry-After.`,
    retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)),
  });
}

function failureOf(failure: UpstreamFailure): Refusal {
  if (failure.kind === "timeout")
    return new Refusal("upstream-timeout", {
      clause: "upstream-timeout",
      detail: "The service did not answer within the operation's time.",
    });
  return new Refusal("upstream-failed", {
    clause: `upstream-${failure.kind}`,
    detail: "The service could not be reached or broke off. Nothing of its answer is passed on.",
  });
}
