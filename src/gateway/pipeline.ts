import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { AuditTrail } from "./audit/audit-trail.ts";
import { answeredSubjects, askedSubjects } from "./audit/call-subjects.ts";
import type { Outcome } from "./audit/call-record.ts";
import type { Call } from "./call.ts";
import type { Handlers, Inbound, Outbound } from "./http/transport.ts";
import type { BucketStore } from "./limits/bucket-store.ts";
import { nothingRead, openCall } from "./open-call.ts";
import { authenticate } from "./policies/authenticate.ts";
import { checkAnswer } from "./policies/check-answer.ts";
import { checkBindings } from "./policies/check-bindings.ts";
import { checkFraming } from "./policies/check-framing.ts";
import { checkAnsweredObjects, checkAskedObjects } from "./policies/check-objects.ts";
import { checkSwitches } from "./policies/check-switches.ts";
import { checkTarget } from "./policies/check-target.ts";
import { checkValidity } from "./policies/check-validity.ts";
import { forward } from "./policies/forward.ts";
import { demandGrant, matchOperation } from "./policies/match-operation.ts";
import { allowPreflight, isPreflight } from "./policies/preflight.ts";
import { projectAnswer } from "./policies/project-answer.ts";
import { takeFromLimit } from "./policies/take-from-limit.ts";
import { takeToken, type Credential, type Peppers } from "./policies/take-token.ts";
import { validateRequest } from "./policies/validate-request.ts";
import type { Snapshot, TokenPolicy } from "./policy/snapshot.ts";
import { Refusal } from "./refusal.ts";
import { settleCall, type Served } from "./settle-call.ts";
import type { UpstreamClient } from "./upstream/upstream-client.ts";

export type PipelineParts = {
  /** The policy in force; throws Refusal `store-away` when this node may not serve. */
  policy(): Snapshot;
  keyring: { readonly pepper: Peppers };
  /** Told of a token that stands under the pepper before: its digest under the live one, never the token. */
  onOldPepper?: OnOldPepper;
  audit: AuditTrail;
  upstream: UpstreamClient;
  buckets: BucketStore;
  preflightBuckets: BucketStore;
  isTrustedProxy(address: string): boolean;
  clock: Clock;
  log: Log;
};

export type OnOldPepper = (hit: { tenantId: string; tokenId: string; digest: Buffer }) => void;

/** The request's way, steps 1 to 8 of docs/architecture.md; whatever refuses throws Refusal. */
async function serve(call: Call, credential: Credential, inbound: Inbound, parts: PipelineParts): Promise<Served> {
  checkFraming(inbound.method, inbound.httpVersion, inbound.headers);
  const target = checkTarget(inbound.target);
  call.path = target.path;
  call.query = target.query;
  const policy = parts.policy();
  if (isPreflight(call)) return { status: 204, body: undefined, preflight: allowPreflight(call, policy, parts.preflightBuckets) };
  const token = authenticate(call, credential, policy);
  tellOldPepper(call, token, { credential, parts });
  const match = matchOperation(call, token.access, policy);
  checkBindings(call, token.access);
  checkValidity(token.access.license, call.at.getTime());
  takeFromLimit(call, token.access, parts.buckets);
  const { grant, values } = demandGrant(match);
  checkSwitches(token.access.license, grant, policy);
  const request = await validateRequest(call, token.access, { grant, values });
  parts.audit.names(call, askedSubjects(grant.operation.subjects, request));
  checkAskedObjects(token.access.license, grant, request);
  await parts.audit.intends(call);
  const answer = await forward(call, token, grant, { request, upstream: parts.upstream });
  const checked = checkAnswer(answer, grant.operation, request);
  const document = checkAnsweredObjects(token.access.license, grant, { request, document: checked.document });
  parts.audit.names(call, answeredSubjects(grant.operation.subjects, document));
  return projectAnswer({ ...checked, document }, grant);
}

function tellOldPepper(call: Call, token: TokenPolicy, from: { credential: Credential; parts: PipelineParts }): void {
  const [digest] = from.credential.digests;
  if (call.seen.oldPepper !== true || digest === undefined) return;
  from.parts.onOldPepper?.({ tenantId: token.access.license.tenantId, tokenId: token.tokenId, digest: Buffer.from(digest, "latin1") });
}

const malformedCodes = { 400: "bad-request", 408: "request-timeout", 431: "headers-too-large" } as const;

/** The handlers of the transport: each call goes its way and is settled (step 9: record, then answer). */
export function createPipeline(parts: PipelineParts): Handlers {
  const calls = new WeakMap<Outbound, { call: Call; outcome: Outcome }>();

  async function settle(call: Call, work: Promise<Served>): Promise<Outbound> {
    const { answer, outcome } = await settleCall(call, work, parts);
    calls.set(answer, { call, outcome });
    return answer;
  }

  return {
    request(inbound, authorization) {
      // step 2: past this line nothing holds the token
      const credential = takeToken(authorization, parts.keyring.pepper);
      const call = openCall(inbound, parts);
      return settle(call, serve(call, credential, inbound, parts));
    },
    malformed(peer, status) {
      const refusal = new Refusal(malformedCodes[status], {
        clause: `http-${status}`,
        detail: "The bytes are not a request that is read here.",
      });
      return settle(openCall(nothingRead(peer), parts), Promise.reject(refusal));
    },
    aborted(answer) {
      const known = calls.get(answer);
      // that the journal refuses is logged where it is noticed
      if (known !== undefined) parts.audit.aborted(known.call, known.outcome).catch(() => undefined);
    },
  };
}
