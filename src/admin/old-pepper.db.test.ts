import { expect, test } from "vitest";
import { startTestAdmin } from "../../test/helpers/admin.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { createTenantFixture, testKeyring } from "../../test/helpers/tenant.ts";
import type { OldPepperHit } from "../control/keyring/digest-rewriter.ts";
import { tokenDigest } from "../platform/token-digest.ts";

test("an API key under the pepper before still signs in, and its digest under the live one is handed on", async () => {
  await using base = await createTestDatabase();
  const fixture = await createTenantFixture(base.db);
  const live = testKeyring().pepper;
  const hits: OldPepperHit[] = [];
  const keyring = { ...fixture.keyring, pepper: { ...live, kid: "pepper2", previous: fixture.keyring.pepper } };
  await using admin = await startTestAdmin({ db: base.db, keyring, onOldPepper: (hit) => hits.push(hit) });
  expect((await admin.send("GET", "/v1/partners", { key: fixture.apiKey })).status).toBe(200);
  expect(hits).toEqual([
    { table: "api_key", tenantId: fixture.tenantId, id: fixture.apiKeyId, digest: tokenDigest(live.key, fixture.apiKey) },
  ]);
});
