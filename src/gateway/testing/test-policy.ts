import { randomBytes } from "node:crypto";
import { formatToken, type TokenMode } from "../../contract/token-format.ts";
import { seal } from "../../platform/seal.ts";
import { tokenDigest } from "../../platform/token-digest.ts";
import type { AccessRow, GrantRow, LicenseRow, OperationRow, PolicyRows, TokenRow } from "../policy/policy-rows.ts";

/** Keys, tokens and policy rows of a synthetic tenant, for tests without a database. */
export const dataKey = { kid: "data1", key: randomBytes(32) };
export const subjectSecret = randomBytes(32);
export const keys = {
  data: dataKey,
  oldData: new Map<string, Buffer>(),
  reference: dataKey,
  subject: { kid: "subject1", key: subjectSecret },
};
export const pepper = { kid: "pepper1", key: randomBytes(32) };
export const credential = `service-credential-${randomBytes(12).toString("hex")}`;
export const identityKey = randomBytes(32);
export const now = new Date("2026-11-24T12:00:00.000Z");

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export function makeToken(mode: TokenMode = "test"): string {
  return formatToken(mode, Array.from(randomBytes(32), (byte) => base62.charAt(byte % 62)).join(""));
}

const string = (lgpd: string, more: object = {}): object => ({ type: "string", "x-lgpd": lgpd, ...more });

const propertyAnswer = {
  type: "object",
  additionalProperties: false,
  properties: {
    matricula: string("indirect", { "x-ref": "imovel" }),
    status: string("none"),
    name: string("identity", { "x-mask": "name" }),
    document: string("identity", { "x-mask": "document" }),
    amount: { type: "number", "x-lgpd": "financial" },
    religion: string("sensitive"),
  },
  "x-answers": { parameter: "ref", field: "/matricula" },
};

const ref = { name: "ref", in: "path", required: true, schema: string("indirect", { pattern: "^[1-9][0-9]{0,8}$", "x-ref": "imovel" }) };
const limit = { name: "limit", in: "query", required: false, schema: { type: "integer", minimum: 1, maximum: 100, "x-lgpd": "technical" } };

function operation(row: Partial<OperationRow> & { operation_id: string; path: string }): OperationRow {
  return {
    tenant_id: "ten_a",
    service_id: "svc_a",
    method: "GET",
    parameters: [],
    request_schema: null,
    response_schema: null,
    publishable: false,
    deprecated_at: null,
    sunset_at: null,
    timeout_ms: 2_000,
    max_body_bytes: 1_000,
    ...row,
  };
}

const question = {
  type: "object",
  additionalProperties: false,
  required: ["property"],
  properties: {
    property: string("indirect", { pattern: "^[1-9][0-9]{0,8}$", "x-ref": "imovel" }),
    amount: { type: "number", "x-lgpd": "financial" },
    nested: { type: "object", additionalProperties: false, properties: { a: string("none") } },
  },
};

export const operations: OperationRow[] = [
  operation({ operation_id: "getProperty", path: "/v1/properties/{ref}", parameters: [ref, limit], response_schema: propertyAnswer }),
  operation({
    operation_id: "createRequest",
    method: "POST",
    path: "/v1/requests",
    request_schema: question,
    response_schema: {
      type: "object",
      properties: { property: string("indirect", { "x-ref": "imovel" }), protocol: string("none") },
      "x-answers": { body: "/property", field: "/property" },
    },
  }),
  operation({ operation_id: "deleteRequest", method: "DELETE", path: "/v1/requests/{ref}", parameters: [ref] }),
  operation({ operation_id: "getSecret", path: "/v1/secrets", response_schema: propertyAnswer }),
  operation({
    operation_id: "getLocality",
    path: "/v1/localities/{locality_id}",
    parameters: [{ name: "locality_id", in: "path", required: true, schema: string("none") }],
    response_schema: { type: "object", properties: { locality_id: string("none") } },
    publishable: true,
  }),
];

export function licenseRow(row: Partial<LicenseRow> = {}): LicenseRow {
  return {
    tenant_id: "ten_a",
    license_id: "lic_a",
    partner_id: "par_a",
    version: 3,
    state: "active",
    starts_at: new Date("2026-01-01T00:00:00Z"),
    ends_at: new Date("2027-01-01T00:00:00Z"),
    rate_per_second: "10.000",
    burst: 50,
    quota_day: null,
    quota_month: null,
    ...row,
  };
}

export function grantRow(operationId: string, projection: Record<string, string> = {}): GrantRow {
  return { tenant_id: "ten_a", license_id: "lic_a", operation_id: operationId, projection, fields: null };
}

export function accessRow(row: Partial<AccessRow> = {}): AccessRow {
  return {
    tenant_id: "ten_a",
    access_id: "acc_a",
    client_id: "cli_a",
    license_id: "lic_a",
    kind: "confidential",
    mode: "test",
    cidrs: [],
    origins: [],
    factors: "",
    state: "active",
    expires_at: null,
    ...row,
  };
}

export function tokenRow(token: string, row: Partial<TokenRow> = {}): TokenRow {
  return {
    tenant_id: "ten_a",
    token_id: `tok_${token.slice(-4)}`,
    access_id: "acc_a",
    digest: tokenDigest(pepper.key, token),
    state: "live",
    expires_at: null,
    retiring_until: null,
    ...row,
  };
}

/** Everything of tenant `ten_a`, its service at these targets. */
export function policyRows(targets: { live?: string; sandbox?: string }, more: Partial<PolicyRows> = {}): PolicyRows {
  return {
    epoch: 1n,
    partners: [{ tenant_id: "ten_a", partner_id: "par_a", state: "active" }],
    clients: [{ tenant_id: "ten_a", client_id: "cli_a", partner_id: "par_a", state: "active" }],
    services: [
      {
        tenant_id: "ten_a",
        service_id: "svc_a",
        live_url: targets.live ?? null,
        sandbox_url: targets.sandbox ?? null,
        credential_sealed: seal(dataKey, credential, "service.credential:svc_a"),
        identity_key_sealed: seal(dataKey, identityKey, "service.identity_key:svc_a"),
        status_map: {},
        state: "active",
      },
    ],
    operations,
    licenses: [licenseRow()],
    grants: [
      grantRow("getProperty", { indirect: "full", identity: "masked" }),
      grantRow("createRequest", { indirect: "full" }),
      grantRow("deleteRequest", { indirect: "full" }),
      grantRow("getLocality"),
    ],
    accesses: [accessRow()],
    tokens: [],
    switches: [],
    objects: [],
    ...more,
  };
}
