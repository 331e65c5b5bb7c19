import type { Claims } from "../../platform/signed-claims.ts";
import type { Secret } from "../../platform/secret.ts";
import type { Limit } from "../limits/gcra.ts";
import type { AnswerRule } from "../projection/answer-rule.ts";
import type { Project } from "../projection/compile-projection.ts";
import type { OpaqueRefs } from "../projection/opaque-ref.ts";
import type { RequestContract } from "../validation/request-contract.ts";
import type { HolderState, LicenseState } from "./policy-rows.ts";
import type { RouteTable } from "./route-table.ts";

/** The compiled policy of one epoch. Never changed after it is built; a change of policy is another snapshot. */
export type Snapshot = {
  epoch: bigint;
  /** By digest of the token (32 bytes as latin1 text). */
  tokens: ReadonlyMap<string, TokenPolicy>;
  /** The operations of each tenant. */
  routes: ReadonlyMap<string, RouteTable<OperationPolicy>>;
  /** Publishable accesses by the web origins they registered, for CORS preflights. */
  origins: ReadonlyMap<string, readonly AccessPolicy[]>;
  /** Origins (scheme, host, port) of all upstream targets. */
  upstreams: ReadonlySet<string>;
};

export type ServicePolicy = {
  serviceId: string;
  active: boolean;
  liveOrigin: string | undefined;
  sandboxOrigin: string | undefined;
  credential: Secret;
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
  startsAtMs: number;
  endsAtMs: number;
  limit: Limit;
  refs: OpaqueRefs;
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
  /** States of those it stands on; only when all are active its token is valid. */
  states: { access: HolderState; client: HolderState; partner: HolderState };
  expiresAtMs: number;
};

export type TokenPolicy = {
  tokenId: string;
  state: "live" | "retiring" | "ended";
  /** Infinity when it has none. */
  expiresAtMs: number;
  retiringUntilMs: number;
  access: AccessPolicy;
};
