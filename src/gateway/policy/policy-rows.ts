/** The policy tables as the loader reads them: plain values, snake_case as in the database. All tenants together. */
export type PolicyRows = {
  epoch: bigint;
  partners: PartnerRow[];
  services: ServiceRow[];
  operations: OperationRow[];
  licenses: LicenseRow[];
  grants: GrantRow[];
  objects: ObjectRow[];
  clients: ClientRow[];
  accesses: AccessRow[];
  tokens: TokenRow[];
  /** Kill switches that are on. */
  switches: SwitchRow[];
};

export type LicensingRows = Pick<PolicyRows, "services" | "operations" | "licenses" | "grants" | "objects">;

/** Licenses that changed, with all that they grant now; one whose row is missing is gone. */
export type ChangedLicenses = Pick<PolicyRows, "licenses" | "grants" | "objects"> & { ids: { tenant_id: string; license_id: string }[] };

/**
 * What is new with an epoch: small tables whole, where they changed, and the licenses, clients, accesses and tokens that
 * did. Licenses are in `licensing` where services or operations changed too.
 */
export type PolicyChange = {
  epoch: bigint;
  /** Which database it was read from, see snapshot-loader.ts. */
  history?: string;
  licensing?: LicensingRows;
  licenses?: ChangedLicenses;
  partners?: PartnerRow[];
  switches?: SwitchRow[];
  clients: ClientRow[];
  accesses: AccessRow[];
  tokens: TokenRow[];
};

/** The change that brings all of these rows. */
export function changeOf(rows: PolicyRows): PolicyChange {
  const { epoch, partners, clients, switches, accesses, tokens, ...licensing } = rows;
  return { epoch, licensing, partners, clients, switches, accesses, tokens };
}

export type HolderState = "active" | "disabled" | "revoked";
export type PartnerRow = { tenant_id: string; partner_id: string; state: HolderState };
export type ClientRow = { tenant_id: string; client_id: string; partner_id: string; state: HolderState };

export type ServiceRow = {
  tenant_id: string;
  service_id: string;
  live_url: string | null;
  sandbox_url: string | null;
  /** Further targets, in their order; absent = none. */
  more_live?: string[];
  more_sandbox?: string[];
  /** `x-targets` of the service's document: how its targets are used. */
  target_settings?: unknown;
  credential_sealed: Buffer;
  identity_key_sealed: Buffer;
  /** Upstream status -> error code; what has another form is not read. */
  status_map: unknown;
  state: "active" | "disabled";
};

export type OperationRow = {
  tenant_id: string;
  service_id: string;
  operation_id: string;
  method: string;
  path: string;
  parameters: unknown;
  request_schema: unknown;
  response_schema: unknown;
  publishable: boolean;
  timeout_ms: number;
  max_body_bytes: number;
  deprecated_at: Date | null;
  sunset_at: Date | null;
};

export type LicenseState = "draft" | "submitted" | "approved" | "active" | "suspended" | "ended";

export type LicenseRow = {
  tenant_id: string;
  license_id: string;
  partner_id: string;
  version: number;
  state: LicenseState;
  starts_at: Date;
  ends_at: Date;
  /** numeric(9,3) as decimal text. */
  rate_per_second: string;
  burst: number;
  /** Calls a day and a month in all. */
  quota_day: bigint | null;
  quota_month: bigint | null;
};

export type GrantRow = {
  tenant_id: string;
  license_id: string;
  operation_id: string;
  projection: unknown;
  /** JSON pointers of the only fields shown; null = all. */
  fields: string[] | null;
};

/** Object scope of a license; a license without a row reaches every object. */
export type ObjectRow = {
  tenant_id: string;
  license_id: string;
  municipalities: number[];
  localities: number[];
  /** Packed (contract/packed-integers.ts); null = no list. */
  matriculas: Buffer | null;
  /** from, to, from, to, ... */
  ranges: number[];
};

export type AccessRow = {
  tenant_id: string;
  access_id: string;
  client_id: string;
  license_id: string;
  kind: "publishable" | "confidential";
  mode: "live" | "test";
  cidrs: string[];
  origins: string[];
  /** Digest of the client certificate and Ed25519 key, hex, with a space between; empty = neither. */
  factors: string;
  state: HolderState;
  expires_at: Date | null;
};

/** Accesses of one tenant column by column, as a first load brings them: member i of each column is of row i. */
export type AccessPage = {
  tenantId: string;
  accessIds: readonly string[];
  clientIds: readonly string[];
  licenseIds: readonly string[];
  /** First letters. */
  states: string;
  kinds: string;
  modes: string;
  /** Joined by commas. */
  cidrs: readonly string[];
  origins: readonly string[];
  /** As of an AccessRow. */
  factors: readonly string[];
  /** Milliseconds; empty = none. */
  expiries: readonly string[];
};

/** Tokens of one tenant in the same way. */
export type TokenPage = {
  tenantId: string;
  tokenIds: readonly string[];
  accessIds: readonly string[];
  /** 32 bytes each. */
  digests: Uint8Array;
  states: string;
  expiries: readonly string[];
  retiring: readonly string[];
};

export type SwitchRow = {
  tenant_id: string;
  level: "token" | "access" | "license" | "partner" | "service" | "all";
  /** Empty for all. */
  target_id: string;
};

export type TokenRow = {
  tenant_id: string;
  token_id: string;
  access_id: string;
  digest: Buffer;
  state: "live" | "retiring" | "ended";
  expires_at: Date | null;
  retiring_until: Date | null;
};
