import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, test } from "vitest";
import { createEmptyDatabase } from "../../../test/helpers/database.ts";
import { testKeyring } from "../../../test/helpers/tenant.ts";
import { openDatabase } from "../../db/database.ts";
import { migrate } from "../../db/migrate.ts";
import { systemClock } from "../../platform/clock.ts";
import { systemContext } from "../context.ts";
import { draftLicenseVersion } from "./draft-version.ts";
import { getLicense } from "./get.ts";
import { getLicenseVersion } from "./get-version.ts";

const shipped = fileURLToPath(new URL("../../db/migrations", import.meta.url));

test("licenses of before there were versions become version 1, published, and take the next draft", async () => {
  await using database = await createEmptyDatabase();
  const before = await mkdtemp(join(tmpdir(), "aqueduto-before-"));
  for (const name of await readdir(shipped)) if (name < "0005") await copyFile(join(shipped, name), join(before, name));
  await migrate({ url: database.url, directory: before });
  await rm(before, { recursive: true });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`SET search_path = aqueduto; SET aqueduto.tenant = '*';
    INSERT INTO tenant (tenant_id, name) VALUES ('ten_1', 'x');
    INSERT INTO partner (tenant_id, partner_id, name) VALUES ('ten_1', 'par_1', 'x');
    INSERT INTO service (tenant_id, service_id, name, credential_sealed, identity_key_sealed, openapi) VALUES ('ten_1', 'svc_1', 'x', '', '', '{}');
    INSERT INTO operation (tenant_id, service_id, operation_id, method, path, summary) VALUES ('ten_1', 'svc_1', 'op', 'GET', '/x', 'x');
    INSERT INTO license (tenant_id, license_id, partner_id, name, state, purpose, legal_basis, starts_at, ends_at, rate_per_second, burst)
      VALUES ('ten_1', 'lic_1', 'par_1', 'n', 'active', 'p', 'art. 7 V', '2026-01-01T00:00:00.5Z', '2100-01-01T00:00:00Z', 2.5, 3);
    INSERT INTO license_operation VALUES ('ten_1', 'lic_1', 'op', '{"identity": "masked"}');
    INSERT INTO license_event VALUES ('ten_1', 'lic_1', 'client-transaction', 'thin')`);
  await client.end();
  await migrate({ url: database.url });

  const open = openDatabase({ url: database.url, max: 2, applicationName: "upgrade-test" });
  try {
    const ctx = systemContext({ db: open.db, clock: systemClock, keyring: testKeyring() }, "ten_1", "upgrade");
    const said = {
      starts_at: "2026-01-01T00:00:00.500Z",
      ends_at: "2100-01-01T00:00:00.000Z",
      rate_per_second: 2.5,
      burst: 3,
      operations: [{ operation_id: "op", projection: { identity: "masked" } }],
      events: [{ event_type: "client-transaction", variant: "thin" }],
      object_scope: null,
      quota_day: null,
    };
    expect(await getLicense(ctx, { license_id: "lic_1" })).toMatchObject({ version: 1, state: "active", ...said });
    expect(await getLicenseVersion(ctx, { license_id: "lic_1", version: 1 })).toMatchObject({ state: "published", content: said });
    const { version, content } = await draftLicenseVersion(ctx, { license_id: "lic_1", burst: 2 });
    expect({ version, content }).toMatchObject({ version: 2, content: { ...said, burst: 2 } });
  } finally {
    await open.close();
  }
});
