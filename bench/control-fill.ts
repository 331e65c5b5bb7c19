import pg from "pg";

export type Size = { tenantId: string; serviceId: string; licenses: number; accesses: number; tokens: number };

const partners = 500;

/**
 * Writes licenses, clients, accesses and tokens of a tenant as the verbs would have left them, by plain SQL of the
 * superuser, without triggers: a million rows are wanted, not how long they take. Every access has the same number of tokens:
 * the first live, the second retiring, the rest ended within the last month.
 */
export async function fillPolicy(ownerUrl: string, size: Size): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("SET session_replication_role = replica; SET search_path = aqueduto, public");
    for (const statement of statements(size)) await client.query(statement);
    await client.query("UPDATE aqueduto.policy_epoch SET epoch = epoch + 1");
    await client.query("ANALYZE");
  } finally {
    await client.end();
  }
}

/** Ids of the platform's length: a prefix and 26 characters. */
function id(prefix: string, number: string): string {
  return `'${prefix}_' || lpad((${number})::text, 26, '0')`;
}

function statements({ tenantId, serviceId, licenses, accesses, tokens }: Size): string[] {
  const tenant = `'${tenantId}'`;
  const perAccess = Math.round(tokens / accesses);
  const perPartner = licenses / partners;
  const clients = Math.ceil(accesses / 5);
  const begin = "'2026-01-01T00:00:00Z'::timestamptz";
  return [
    `INSERT INTO partner (tenant_id, partner_id, name) SELECT ${tenant}, ${id("par", "n")}, 'P' FROM generate_series(0, ${partners - 1}) n`,
    `INSERT INTO license (tenant_id, license_id, partner_id, name, state, purpose, legal_basis, starts_at, ends_at, rate_per_second, burst)
     SELECT ${tenant}, ${id("lic", "n")}, ${id("par", `n / ${perPartner}`)}, 'L', 'active', 'p', 'art. 7 V', ${begin}, ${begin} + interval '10 years', 10, 20
       FROM generate_series(0, ${licenses - 1}) n`,
    `INSERT INTO license_operation (tenant_id, license_id, operation_id, projection)
     SELECT ${tenant}, ${id("lic", "n")}, o.operation_id, '{"indirect":"full","identity":"masked","financial":"full"}'
       FROM generate_series(0, ${licenses - 1}) n, operation o WHERE o.tenant_id = ${tenant} AND o.service_id = '${serviceId}'`,
    `INSERT INTO client (tenant_id, client_id, partner_id, name)
     SELECT ${tenant}, ${id("cli", "n")}, ${id("par", `n % ${partners}`)}, 'C' FROM generate_series(0, ${clients - 1}) n`,
    // client c has accesses to five licenses of its partner
    `INSERT INTO access (tenant_id, access_id, client_id, license_id, kind, mode, cidrs)
     SELECT ${tenant}, ${id("acc", "n")}, ${id("cli", "n / 5")}, ${id("lic", `((n / 5) % ${partners}) * ${perPartner} + n % 5`)}, 'confidential', 'live',
            ARRAY[('10.' || n % 250 || '.' || n / 250 % 250 || '.0/24')::cidr]
       FROM generate_series(0, ${accesses - 1}) n`,
    `INSERT INTO token (tenant_id, token_id, access_id, digest, pepper_id, hint, state, retiring_until, ended_at, ended_reason)
     SELECT ${tenant}, ${id("tok", "n")}, ${id("acc", `n / ${perAccess}`)}, sha256((n || ${tenant})::bytea), 'pepper1', 'abcd',
            CASE n % ${perAccess} WHEN 0 THEN 'live' WHEN 1 THEN 'retiring' ELSE 'ended' END,
            CASE n % ${perAccess} WHEN 1 THEN ${begin} + interval '10 years' END,
            CASE WHEN n % ${perAccess} > 1 THEN now() - interval '20 days' END, CASE WHEN n % ${perAccess} > 1 THEN 'x' END
       FROM generate_series(0, ${accesses * perAccess - 1}) n`,
  ];
}
