import { unseal, type DataKey } from "../../platform/seal.ts";
import { Secret } from "../../platform/secret.ts";
import { signClaims } from "../../platform/signed-claims.ts";
import { answerRule } from "../projection/answer-rule.ts";
import { compileProjection, type Project } from "../projection/compile-projection.ts";
import { isRecord } from "../projection/json-schema.ts";
import { createOpaqueRefs } from "../projection/opaque-ref.ts";
import { networkTest } from "./addresses.ts";
import type { ContractCache } from "./contract-cache.ts";
import type { AccessRow, GrantRow, LicenseRow, OperationRow, PolicyRows, ServiceRow, TokenRow } from "./policy-rows.ts";
import { createRouteTable } from "./route-table.ts";
import type { AccessPolicy, Grant, LicensePolicy, OperationPolicy, ServicePolicy, Snapshot, TokenPolicy } from "./snapshot.ts";

export type CompileWith = {
  dataKey: DataKey;
  contracts: ContractCache;
  /** Told of a service that cannot be used (its secrets do not open, its URL is none). It and its operations are left out. */
  onFault(serviceId: string, error: unknown): void;
};

/** Builds the immutable policy of one epoch from its rows. Rows whose parent is missing are left out: they grant nothing. */
export function compileSnapshot(rows: PolicyRows, options: CompileWith): Snapshot {
  const services = index(
    rows.services,
    (row) => keyOf(row.tenant_id, row.service_id),
    (row) => compileService(row, options),
  );
  const operations = index(
    rows.operations,
    (row) => keyOf(row.tenant_id, row.operation_id),
    (row) => {
      const service = services.get(keyOf(row.tenant_id, row.service_id));
      return service === undefined ? undefined : compileOperation(row, service, options.contracts);
    },
  );
  const grants = Map.groupBy(rows.grants, (row) => keyOf(row.tenant_id, row.license_id));
  const licenses = index(
    rows.licenses,
    (row) => keyOf(row.tenant_id, row.license_id),
    (row) => compileLicense(row, grants.get(keyOf(row.tenant_id, row.license_id)) ?? [], { operations, dataKey: options.dataKey }),
  );
  const accesses = compileAccesses(rows, licenses);
  options.contracts.forgetUnused();
  return {
    epoch: rows.epoch,
    tokens: index(
      rows.tokens,
      (row) => row.digest.toString("latin1"),
      (row) => compileToken(row, accesses),
    ),
    routes: compileRoutes(rows.operations, operations),
    origins: compileOrigins(accesses),
    upstreams: new Set(
      [...services.values()].flatMap((service) => [service.liveOrigin, service.sandboxOrigin]).filter((origin) => origin !== undefined),
    ),
  };
}

function keyOf(...parts: string[]): string {
  return JSON.stringify(parts);
}

function index<Row, T>(rows: readonly Row[], key: (row: Row) => string, compile: (row: Row) => T | undefined): Map<string, T> {
  const found = new Map<string, T>();
  for (const row of rows) {
    const item = compile(row);
    if (item !== undefined) found.set(key(row), item);
  }
  return found;
}

/** One service that is broken must not keep a new policy, and with it a revocation, from coming into use. */
function compileService(row: ServiceRow, options: CompileWith): ServicePolicy | undefined {
  try {
    return openService(row, options.dataKey);
  } catch (error) {
    options.onFault(row.service_id, error);
    return undefined;
  }
}

function openService(row: ServiceRow, dataKey: DataKey): ServicePolicy {
  const identityKey = unseal(dataKey, row.identity_key_sealed, `service.identity_key:${row.service_id}`);
  return {
    serviceId: row.service_id,
    active: row.state === "active",
    liveOrigin: originOf(row.live_url),
    sandboxOrigin: originOf(row.sandbox_url),
    credential: new Secret(unseal(dataKey, row.credential_sealed, `service.credential:${row.service_id}`).toString()),
    signIdentity: (claims) => signClaims(identityKey, claims),
  };
}

function originOf(url: string | null): string | undefined {
  return url === null ? undefined : new URL(url).origin;
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
    contract: contracts.lazy({ path: row.path, parameters: row.parameters, requestSchema: row.request_schema }),
  };
}

type Operations = ReadonlyMap<string, OperationPolicy>;

function compileLicense(
  row: LicenseRow,
  grantRows: readonly GrantRow[],
  from: { operations: Operations; dataKey: DataKey },
): LicensePolicy {
  const refs = createOpaqueRefs(from.dataKey.key, row.tenant_id, row.license_id);
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
        project: once(() => compileProjection(operation.responseSchema, levels, refs)),
      };
    },
  );
  return {
    tenantId: row.tenant_id,
    licenseId: row.license_id,
    partnerId: row.partner_id,
    version: row.version,
    state: row.state,
    startsAtMs: row.starts_at.getTime(),
    endsAtMs: row.ends_at.getTime(),
    // numeric(9,3): at most nine digits, so thousandths are an exact integer after rounding
    limit: { rateMilli: Math.round(Number(row.rate_per_second) * 1000), burst: row.burst },
    refs,
    grants,
  };
}

function once(make: () => Project): () => Project {
  let made: Project | undefined;
  return () => (made ??= make());
}

function compileAccesses(rows: PolicyRows, licenses: ReadonlyMap<string, LicensePolicy>): Map<string, AccessPolicy> {
  const partners = index(
    rows.partners,
    (row) => keyOf(row.tenant_id, row.partner_id),
    (row) => row.state,
  );
  const clients = index(
    rows.clients,
    (row) => keyOf(row.tenant_id, row.client_id),
    (row) => row,
  );
  return index(
    rows.accesses,
    (row) => keyOf(row.tenant_id, row.access_id),
    (row) => {
      const license = licenses.get(keyOf(row.tenant_id, row.license_id));
      const client = clients.get(keyOf(row.tenant_id, row.client_id));
      const partner = license && partners.get(keyOf(row.tenant_id, license.partnerId));
      // a client of one partner with a license of another is no access of anybody
      if (license === undefined || client === undefined || partner === undefined || client.partner_id !== license.partnerId)
        return undefined;
      return compileAccess(row, license, { access: row.state, client: client.state, partner });
    },
  );
}

function compileAccess(row: AccessRow, license: LicensePolicy, states: AccessPolicy["states"]): AccessPolicy {
  return {
    accessId: row.access_id,
    clientId: row.client_id,
    license,
    kind: row.kind,
    mode: row.mode,
    origins: new Set(row.origins),
    allowsAddress: networkTest(row.cidrs),
    states,
    expiresAtMs: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
  };
}

function compileToken(row: TokenRow, accesses: ReadonlyMap<string, AccessPolicy>): TokenPolicy | undefined {
  const access = accesses.get(keyOf(row.tenant_id, row.access_id));
  if (access === undefined) return undefined;
  return {
    tokenId: row.token_id,
    state: row.state,
    expiresAtMs: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
    retiringUntilMs: row.retiring_until?.getTime() ?? Number.POSITIVE_INFINITY,
    access,
  };
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

function compileOrigins(accesses: ReadonlyMap<string, AccessPolicy>): Map<string, AccessPolicy[]> {
  const found = new Map<string, AccessPolicy[]>();
  for (const access of accesses.values()) {
    if (access.kind !== "publishable") continue;
    for (const origin of access.origins) found.set(origin, [...(found.get(origin) ?? []), access]);
  }
  return found;
}
