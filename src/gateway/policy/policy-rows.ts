/** The policy tables as the loader reads them: plain values, snake_case as in the database. All tenants together. */
export type PolicyRows = {
  epoch: bigint;
  partners: PartnerRow[];
  services: ServiceRow[];
  operations: OperationRow[];
  licenses: LicenseRow[];
  grants: GrantRow[];
  clients: ClientRow[];
  accesses: AccessRow[];
  tokens: TokenRow[];
};

export type HolderState = "active" | "disabled" | "revoked";
export type PartnerRow = { tenant_id: string; partner_id: string; state: HolderState };
export type ClientRow = { tenant_id: string; client_id: string; partner_id: string; state: HolderState };

export type ServiceRow = {
  tenant_id: string;
  service_id: string;
  live_url: string | null;
  sandbox_url: string | null;
  credential_sealed: Buffer;
  identity_key_sealed: Buffer;
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
};

export type GrantRow = { tenant_id: string; license_id: string; operation_id: string; projection: unknown };

export type AccessRow = {
  tenant_id: string;
  access_id: string;
  client_id: string;
  license_id: string;
  kind: "publishable" | "confidential";
  mode: "live" | "test";
  cidrs: string[];
  origins: string[];
  state: HolderState;
  expires_at: Date | null;
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
