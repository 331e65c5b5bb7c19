import type { Clock } from "../platform/clock.ts";
import type { ErrorProofs } from "../platform/error-proof.ts";
import type { Log } from "../platform/log.ts";
import type { AuditTrail } from "./audit/audit-trail.ts";
import { answeredSubjects, askedSubjects } from "./audit/call-subjects.ts";
import type { Outcome } from "./audit/call-record.ts";
import type { Call } from "./call.ts";
import type { ConnectionGate } from "./http/connection-gate.ts";
import type { Handlers, Inbound, Outbound } from "./http/transport.ts";
import type { BucketStore } from "./limits/bucket-store.ts";
import type { ObjectWatch } from "./limits/object-watch.ts";
import type { QuotaSlices } from "./limits/quota-slices.ts";
import { nothingRead, openCall } from "./open-call.ts";
import { allowOrigin } from "./policies/allow-origin.ts";
import { authenticate } from "./policies/authenticate.ts";
import { checkAnswer } from "./policies/check-answer.ts";
import { checkBindings } from "./policies/check-bindings.ts";
import { checkFraming } from "./policies/check-framing.ts";
import { checkAnsweredObjects, checkAskedObjects } from "./policies/check-objects.ts";
import { checkSignature } from "./policies/check-signature.ts";
import { checkNotRevokedHere, checkStillValid } from "./policies/check-still-valid.ts";
import { checkSwitches } from "./policies/check-switches.ts";
import { checkTarget } from "./policies/check-target.ts";
import { checkValidity } from "./policies/check-validity.ts";
import { forward } from "./policies/forward.ts";
import { holdShare } from "./policies/hold-share.ts";
import { demandGrant, matchOperation } from "./policies/match-operation.ts";
import { allowPreflight, isPreflight } from "./policies/preflight.ts";
import { projectAnswer } from "./policies/project-answer.ts";
import { takeFromLimit } from "./policies/take-from-limit.ts";
import { takeToken, type Credential, type Peppers } from "./policies/take-token.ts";
import { validateRequest } from "./policies/validate-request.ts";
import { watchObjects } from "./policies/watch-objects.ts";
import type { Snapshot, TokenPolicy } from "./policy/snapshot.ts";
import { Refusal } from "./refusal.ts";
import type { RevokedHere } from "./revocation/revoked-here.ts";
import { isSelfRevoke, selfRevoke } from "./revocation/self-revoke.ts";
import { settleCall, type Served } from "./settle-call.ts";
import type { ReplayCache } from "./signature/replay-cache.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

export type PipelineParts = {
  /** The policy in force; throws Refusal `store-away` when this node may not serve. */
  policy(): Snapshot;
  /** What a call waits for when a newer policy is known than is in use; see catch-up.ts. */
  catchUp(): Promise<void> | undefined;
  revokedHere: RevokedHere;
  keyring: { readonly pepper: Peppers };
  /** Told of a token that stands under the pepper before: its digest under the live one, never the token. */
  onOldPepper?: OnOldPepper;
  audit: AuditTrail;
  upstream: Upstreams;
  buckets: BucketStore;
  quotas: QuotaSlices;
  preflightBuckets: BucketStore;
  objectWatch: ObjectWatch;
  /** Signatures that were used. */
  replays: ReplayCache;
  /** Calls under way of each client address behind a proxy. */
  callGate: ConnectionGate;
  isTrustedProxy(address: string): boolean;
  clock: Clock;
  /** Prove to support that an error is ours. */
  proofs?: Pick<ErrorProofs, "of">;
  /** Told of each call when its answer stands. */
  onSettled?: ((call: Call, outcome: Outcome) => void) | undefined;
  log: Log;
};

export type OnOldPepper = (hit: { tenantId: string; tokenId: string; digest: Buffer }) => void;

/** The request's way, steps 1 to 8 of docs/architecture.md; whatever refuses throws Refusal. */
async function serve(call: Call, credential: Credential, inbound: Inbound, parts: PipelineParts): Promise<Served> {
  checkFraming(inbound.method, inbound.httpVersion, inbound.headers);
  const target = checkTarget(inbound.target);
  call.path = target.path;
  call.query = target.query;
  const behind = parts.catchUp();
  if (behind !== undefined) await behind;
  const policy = parts.policy();
  const begun = { policy, mark: parts.revokedHere.mark(), credential };
  if (isPreflight(call)) return { status: 204, body: undefined, preflight: allowPreflight(call, policy, parts.preflightBuckets) };
  const token = authenticate(call, credential, policy);
  checkNotRevokedHere(call, token, parts.revokedHere);
  if (isSelfRevoke(call, token)) return selfRevoke(call, token, parts);
  allowOrigin(call, token.access);
  tellOldPepper(call, token, { credential, parts });
  const match = matchOperation(call, token.access, policy);
  checkBindings(call, token.access);
  checkValidity(token.access.license, call.at.getTime());
  const slice = takeFromLimit(call, token.access, match, parts);
  if (slice !== undefined) await slice;
  checkSignature(call, token.access, parts.replays);
  const { grant, values } = demandGrant(match);
  checkSwitches(token.access.license, grant, policy);
  const request = await validateRequest(call, token.access, { grant, values });
  watchObjects(call, token.access, { grant, request, watch: parts.objectWatch });
  parts.audit.names(call, askedSubjects(grant.operation.subjects, request));
  checkAskedObjects(token.access.license, grant, request);
  await parts.audit.intends(call);
  checkStillValid(call, begun, parts);
  const answer = await forward(call, token, grant, { request, upstream: parts.upstream });
  const checked = checkAnswer(answer, grant.operation, request);
  const document = checkAnsweredObjects(token.access.license, grant, { request, document: checked.document });
  parts.audit.names(call, answeredSubjects(grant.operation.subjects, document));
  checkStillValid(call, begun, parts);
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
    parts.onSettled?.(call, outcome);
    return answer;
  }

  return {
    request(inbound, authorization) {
      // step 2: past this line nothing holds the token
      const credential = takeToken(authorization, parts.keyring.pepper);
      const call = openCall(inbound, parts);
      return settle(
        call,
        holdShare(call, inbound.peer, parts.callGate, () => serve(call, credential, inbound, parts)),
      );
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
