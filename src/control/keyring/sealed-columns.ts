/** A column of sealed values: how its rows are named, and what each value is bound to. */
export type SealedColumn = {
  table: string;
  /** Columns that name a row beside tenant_id. */
  key: readonly string[];
  column: string;
  context: (row: Readonly<Record<string, unknown>>) => string;
  /** A table of the policy: its changes publish a new epoch. */
  policy: boolean;
};

/** Every column whose values a rotation seals anew. A test compares it with the schema. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: "service", column: "credential_sealed", ...boundTo("service_id", "service.credential"), policy: true },
  { table: "service", column: "identity_key_sealed", ...boundTo("service_id", "service.identity_key"), policy: true },
  { table: "webhook", column: "secret_sealed", ...boundTo("webhook_id", "webhook.secret"), policy: true },
  { table: "gsan_base", column: "url_sealed", ...boundTo("base_id", "gsan.url"), policy: false },
  { table: "person", column: "email_sealed", ...boundTo("user_id", "person.email"), policy: false },
  { table: "person", column: "name_sealed", ...boundTo("user_id", "person.name"), policy: false },
  { table: "factor", column: "secret_sealed", ...boundTo("factor_id", "factor.secret"), policy: false },
  {
    table: "identity_provider",
    column: "client_secret_sealed",
    ...boundTo("provider_id", "identity_provider.client_secret"),
    policy: false,
  },
  personOfLicense("responsible"),
  personOfLicense("encarregado"),
];

function boundTo(id: string, prefix: string): Pick<SealedColumn, "key" | "context"> {
  return { key: [id], context: (row) => `${prefix}:${String(row[id])}` };
}

function personOfLicense(role: "responsible" | "encarregado"): SealedColumn {
  const context = (row: Readonly<Record<string, unknown>>) =>
    `license_version.${role}:${String(row["license_id"])}:${String(row["version"])}`;
  return { table: "license_version", key: ["license_id", "version"], column: `${role}_sealed`, context, policy: false };
}

/** Sealed columns that keep their key, which stays readable as long: what the log holds is never rewritten, the rest is short-lived. */
export const keptUnderTheirKey: readonly string[] = [
  "access_entry.ip_sealed",
  "access_entry.agent_sealed",
  "token_use.ip_sealed",
  "token_use.agent_sealed",
  "request.reply_sealed",
  "sign_in_challenge.value_sealed",
];
