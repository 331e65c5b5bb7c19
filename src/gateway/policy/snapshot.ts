import type { KeyObject } from "node:crypto";
import type { ErrorCode } from "../../contract/errors.ts";
import type { ObjectTargets } from "../../contract/object-targets.ts";
import type { Claims } from "../../platform/signed-claims.ts";
import type { Secret } from "../../platform/secret.ts";
import type { SubjectRule } from "../audit/call-subjects.ts";
import type { Limit } from "../limits/gcra.ts";
import type { Quota } from "../limits/quota-slices.ts";
import type { AnswerRule } from "../projection/answer-rule.ts";
import type { Project } from "../projection/compile-projection.ts";
import type { OpaqueRefs } from "../projection/opaque-ref.ts";
import type { TargetGroup } from "../upstream/target-book.ts";
import type { RequestContract } from "../validation/request-contract.ts";
import type { ObjectScope } from "./object-scope.ts";
import type { HolderState, LicenseState } from "./policy-rows.ts";
import type { RouteTable } from "./route-table.ts";
import type { Switches } from "./switches.ts";

/**
 * The compiled policy of one epoch. A change of policy is another snapshot; what a snapshot has given out is never changed.
 * Tokens, accesses and clients lie in tables that all snapshots share, where the newest row wins: a call that began before a
 * revocation may already meet it, never the other way round.
 */
export type Snapshot = {
  epoch: bigint;
  /** By digest of the token (32 bytes as latin1 text). */
  tokens: { readonly size: number; get(digest: string): TokenPolicy | undefined; values(): Iterable<TokenPolicy> };
  /** The operations of each tenant. */
  routes: ReadonlyMap<string, RouteTable<OperationPolicy>>;
  /** Publishable accesses by the web origins they registered, for CORS preflights. */
  origins: { get(origin: string): readonly AccessPolicy[] | undefined };
  /** Origins (scheme, host, port) of all upstream targets. */
  upstreams: ReadonlySet<string>;
  /** Kill switches that are on. Those of token, access, partner and license stand in the policies found here too. */
  switches: Switches;
};

export type ServicePolicy = {
  serviceId: string;
  active: boolean;
  /** Where it is reached; undefined = nowhere. */
  targets: { live: TargetGroup | undefined; test: TargetGroup | undefined };
  credential: Secret;
  /** What the service's own statuses mean here, where the operator said so. */
  statusMap: ReadonlyMap<number, ErrorCode>;
  /** Signs the identity header that the upstream verifies. The key stays in the closure. */
  signIdentity(claims: Claims): string;
};

export type OperationPolicy = {
  operationId: string;
  service: ServicePolicy;
  method: string;
  /** Path template: what logs and audit show. */
  path: string;
  publishable: boolean;
  timeoutMs: number;
  maxBodyBytes: number;
  /** Undefined = it answers without a body. */
  responseSchema: unknown;
  /** Which field of the answer must name the object asked for. */
  answerRule: AnswerRule | undefined;
  /** Where it names the person whose data it is about. */
  subjects: SubjectRule;
  /** Headers that announce its end: Deprecation (RFC 9745), Sunset (RFC 8594); empty for most. */
  noticeHeaders: readonly string[];
  /** Where it names objects; read at first use. */
  targets(): ObjectTargets;
  contract(): RequestContract;
};

export type Grant = {
  operation: OperationPolicy;
  /** Compiled at first use. */
  project(): Project;
  /** References instead of the objects' own numbers, in the request as in the answer. */
  opaque: boolean;
};

export type LicensePolicy = {
  tenantId: string;
  licenseId: string;
  partnerId: string;
  version: number;
  state: LicenseState;
  /** By a kill switch of its own. */
  switchedOff: boolean;
  startsAtMs: number;
  endsAtMs: number;
  limit: Limit;
  quotas: readonly Quota[];
  refs: OpaqueRefs;
  /** The objects it reaches; undefined = every one. */
  scope: ObjectScope | undefined;
  grants: ReadonlyMap<string, Grant>;
};

export type AccessPolicy = {
  accessId: string;
  clientId: string;
  license: LicensePolicy;
  kind: "publishable" | "confidential";
  mode: "live" | "test";
  origins: ReadonlySet<string>;
  /** True when the access is bound to no network or to one that holds the address. */
  allowsAddress(address: string): boolean;
  /** SHA-256 of the client certificate it must be used with, hex. */
  certificate: string | undefined;
  /** Verifies the signature that each of its calls must carry. */
  signatureKey: KeyObject | undefined;
  /** States of those it stands on; only when all are active its token is valid. */
  states: { access: HolderState | "switched-off"; client: HolderState; partner: HolderState | "switched-off" };
  expiresAtMs: number;
};

export type TokenPolicy = {
  tokenId: string;
  state: "live" | "retiring" | "ended";
  /** By a kill switch. */
  switchedOff: boolean;
  /** Infinity when it has none. */
  expiresAtMs: number;
  retiringUntilMs: number;
  access: AccessPolicy;
};
