import { type DataKey, openSealed, type SealKeys } from "../../platform/seal.ts";
import { Secret } from "../../platform/secret.ts";
import { signClaims } from "../../platform/signed-claims.ts";
import { subjectRule } from "../audit/call-subjects.ts";
import type { Quota } from "../limits/quota-slices.ts";
import { quotaOf } from "../limits/quotas-of.ts";
import { answerRule } from "../projection/answer-rule.ts";
import { objectTargets } from "../../contract/object-targets.ts";
import { compileProjection } from "../projection/compile-projection.ts";
import { isRecord } from "../projection/json-schema.ts";
import { createOpaqueRefs } from "../projection/opaque-ref.ts";
import { pruneSchema } from "../projection/prune-schema.ts";
import type { ContractCache } from "./contract-cache.ts";
import { compileScope, type ObjectScope } from "./object-scope.ts";
import { noticeHeaders, statusMap } from "./operation-settings.ts";
import type { GrantRow, LicenseRow, LicensingRows, OperationRow, ServiceRow } from "./policy-rows.ts";
import { createRouteTable } from "./route-table.ts";
import { targetGroups } from "./target-groups.ts";
import type { Grant, LicensePolicy, OperationPolicy, ServicePolicy, Snapshot } from "./snapshot.ts";

export type CompileWith = {
  keys: SealKeys & { readonly reference: DataKey };
  contracts: ContractCache;
  /** Told of a service that cannot be used (its secrets do not open, its URL is none). It and its operations are left out. */
  onFault(serviceId: string, error: unknown): void;
};

/** What the license tables compile to. */
export type Licensing = Pick<Snapshot, "routes" | "upstreams"> & { licenses: readonly LicensePolicy[]; operations: Operations };

export type Operations = ReadonlyMap<string, OperationPolicy>;

/**
 * Compiles services, operations and licenses. Rows whose parent is missing are left out: they grant nothing. A generator:
 * whoever drives it may rest at each step, so that ten thousand licenses hold nobody up.
 */
export function* compileLicensing(rows: LicensingRows, options: CompileWith): Generator<undefined, Licensing> {
  const services = new Map<string, ServicePolicy>();
  for (const row of rows.services) keep(services, keyOf(row.tenant_id, row.service_id), compileService(row, options));
  const operations = new Map<string, OperationPolicy>();
  for (const row of rows.operations) {
    const service = services.get(keyOf(row.tenant_id, row.service_id));
    if (service !== undefined) operations.set(keyOf(row.tenant_id, row.operation_id), compileOperation(row, service, options.contracts));
    yield;
  }
  const licenses = yield* compileLicenses(rows, operations, options);
  options.contracts.forgetUnused();
  const targets = [...services.values()].flatMap(({ targets: { live, test } }) => [live, test]);
  return {
    licenses,
    operations,
    routes: compileRoutes(rows.operations, operations),
    upstreams: new Set(targets.flatMap((group) => group?.origins ?? [])),
  };
}

/** Compiles licenses over operations that are compiled already; rests at each. */
export function* compileLicenses(
  rows: Pick<LicensingRows, "licenses" | "grants" | "objects">,
  operations: Operations,
  options: Pick<CompileWith, "keys">,
): Generator<undefined, LicensePolicy[]> {
  const grants = yield* groupGrants(rows.grants);
  const scopes = new Map<string, ObjectScope>();
  for (const row of rows.objects) {
    scopes.set(keyOf(row.tenant_id, row.license_id), compileScope(row));
    yield;
  }
  const licenses: LicensePolicy[] = [];
  for (const row of rows.licenses) {
    const key = keyOf(row.tenant_id, row.license_id);
    licenses.push(compileLicense(row, grants.get(key) ?? [], { operations, scope: scopes.get(key), reference: options.keys.reference }));
    yield;
  }
  return licenses;
}

function* groupGrants(rows: readonly GrantRow[]): Generator<undefined, Map<string, GrantRow[]>> {
  const grants = new Map<string, GrantRow[]>();
  for (const row of rows) {
    const key = keyOf(row.tenant_id, row.license_id);
    const known = grants.get(key);
    if (known === undefined) grants.set(key, [row]);
    else known.push(row);
    yield;
  }
  return grants;
}

function keep<T>(found: Map<string, T>, key: string, item: T | undefined): void {
  if (item !== undefined) found.set(key, item);
}

/** Ids hold no space that could make two pairs one: they are the platform's own, or names of an OpenAPI document behind one of them. */
function keyOf(tenantId: string, id: string): string {
  return `${tenantId} ${id}`;
}

function index<Row, T>(rows: readonly Row[], key: (row: Row) => string, compile: (row: Row) => T | undefined): Map<string, T> {
  const found = new Map<string, T>();
  for (const row of rows) keep(found, key(row), compile(row));
  return found;
}

/** One service that is broken must not keep a new policy, and with it a revocation, from coming into use. */
function compileService(row: ServiceRow, options: CompileWith): ServicePolicy | undefined {
  try {
    return openService(row, options.keys);
  } catch (error) {
    options.onFault(row.service_id, error);
    return undefined;
  }
}

function openService(row: ServiceRow, keys: SealKeys): ServicePolicy {
  const identityKey = openSealed(keys, row.identity_key_sealed, `service.identity_key:${row.service_id}`);
  return {
    serviceId: row.service_id,
    active: row.state === "active",
    targets: targetGroups(row),
    credential: new Secret(openSealed(keys, row.credential_sealed, `service.credential:${row.service_id}`).toString()),
    statusMap: statusMap(row.status_map),
    signIdentity: (claims) => signClaims(identityKey, claims),
  };
}

function compileOperation(row: OperationRow, service: ServicePolicy, contracts: ContractCache): OperationPolicy {
  const rule = answerRule(row.response_schema);
  return {
    operationId: row.operation_id,
    service,
    method: row.method,
    path: row.path,
    publishable: row.publishable,
    timeoutMs: row.timeout_ms,
    maxBodyBytes: row.max_body_bytes,
    responseSchema: row.response_schema ?? undefined,
    answerRule: rule,
    subjects: subjectRule(row),
    noticeHeaders: noticeHeaders(row),
    targets: once(() => objectTargets(row)),
    contract: contracts.lazy({ path: row.path, parameters: row.parameters, requestSchema: row.request_schema }),
  };
}

function compileLicense(
  row: LicenseRow,
  grantRows: readonly GrantRow[],
  from: { operations: Operations; scope: ObjectScope | undefined; reference: DataKey },
): LicensePolicy {
  const refs = createOpaqueRefs(from.reference.key, row.tenant_id, row.license_id);
  const grants = index(
    grantRows,
    (grant) => grant.operation_id,
    (grant): Grant | undefined => {
      const operation = from.operations.get(keyOf(grant.tenant_id, grant.operation_id));
      if (operation === undefined) return undefined;
      const levels = isRecord(grant.projection) ? grant.projection : {};
      return {
        operation,
        opaque: levels["indirect"] === "masked",
        project: once(() => compileProjection(pruneSchema(operation.responseSchema, grant.fields), levels, refs)),
      };
    },
  );
  return {
    tenantId: row.tenant_id,
    licenseId: row.license_id,
    partnerId: row.partner_id,
    version: row.version,
    state: row.state,
    switchedOff: false,
    startsAtMs: row.starts_at.getTime(),
    endsAtMs: row.ends_at.getTime(),
    // numeric(9,3): at most nine digits, so thousandths are an exact integer after rounding
    limit: { rateMilli: Math.round(Number(row.rate_per_second) * 1000), burst: row.burst },
    quotas: quotasIn(row),
    refs,
    scope: from.scope,
    grants,
  };
}

function quotasIn(row: LicenseRow): Quota[] {
  const given = [
    { kind: "day" as const, calls: row.quota_day },
    { kind: "month" as const, calls: row.quota_month },
  ];
  return given.flatMap(({ kind, calls }) =>
    calls === null ? [] : [quotaOf(row.tenant_id, row.license_id, { kind, calls: Number(calls) })],
  );
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function compileRoutes(rows: readonly OperationRow[], operations: Operations): Snapshot["routes"] {
  const byTenant = Map.groupBy(rows, (row) => row.tenant_id);
  return new Map(
    [...byTenant].map(([tenantId, tenantRows]) => [
      tenantId,
      createRouteTable(
        tenantRows.flatMap((row) => {
          const route = operations.get(keyOf(tenantId, row.operation_id));
          return route === undefined ? [] : [{ method: row.method, path: row.path, route }];
        }),
      ),
    ]),
  );
}
