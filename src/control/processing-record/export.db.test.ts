import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { LicenseChange } from "../../contract/license-content.ts";
import { scopesOf } from "../../contract/roles.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import type { ActionContext } from "../context.ts";
import { draftLicenseVersion } from "../license/draft-version.ts";
import { getLicenseEffect } from "../license/effect.ts";
import { publishLicenseVersion } from "../license/publish.ts";
import { submitLicenseVersion } from "../license/submit.ts";
import { exportProcessingRecord } from "./export.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
  await sql`SELECT aqueduto.ensure_event_days()`.execute(base.db);
});
afterAll(() => base[Symbol.asyncDispose]());

const month = new Date().toISOString().slice(0, 7);
const people = { responsible: { name: "Ana Responsável" }, encarregado: { name: "Davi Encarregado" } };

async function publishNext({ ctx, license }: TenantFixture, change: Omit<LicenseChange, "license_id">): Promise<void> {
  const session = { sessionId: "ses_ana", secondFactorAt: new Date() };
  const ana: ActionContext = { ...ctx, actor: { kind: "user", id: "usr_ana" }, scopes: scopesOf(["administrador"]), session };
  const { license_id } = license;
  const { version } = await draftLicenseVersion(ana, { license_id, ...people, ...change });
  await submitLicenseVersion(ana, { license_id, version });
  const { effect } = await getLicenseEffect(ana, { license_id, version });
  await publishLicenseVersion(ana, { license_id, version, effect });
}

async function deliver({ tenantId, webhook }: TenantFixture, items: number): Promise<void> {
  const day = sql<string>`(now() AT TIME ZONE 'UTC')::date`;
  await tenantTx(base.db, tenantId, (tx) =>
    tx
      .insertInto("delivery")
      .values({
        tenant_id: tenantId,
        day,
        delivery_id: newId("dlv"),
        webhook_id: webhook.webhook_id,
        type: "client-transaction",
        variant: "whole",
        event_day: day,
        event_ids: Array.from({ length: items }, () => newId("evt")),
        first_sequence: 1,
        last_sequence: items,
        state: "delivered",
        attempts: 1,
        ended_at: new Date(),
      })
      .execute(),
  );
}

async function eventRows({ ctx }: TenantFixture) {
  const rows = await Array.fromAsync(exportProcessingRecord(ctx, { from: month }));
  return rows
    .filter((row) => row.kind === "event")
    .map(({ license_version, name, volume, categories }) => ({ license_version, name, volume, open: categories.length > 0 }));
}

test("an event type that a license held in the period stays in the record after a later version dropped it", async () => {
  const fixture = await createTenantFixture(base.db);
  await publishNext(fixture, { events: [] });
  expect(await eventRows(fixture)).toEqual([{ license_version: 1, name: "client-transaction", volume: 0, open: true }]);
});

test("deliveries stand with the version that was in force when they were made", async () => {
  const fixture = await createTenantFixture(base.db);
  await deliver(fixture, 3);
  await publishNext(fixture, { events: [{ event_type: "client-transaction", variant: "thin" }] });
  await deliver(fixture, 2);
  expect(await eventRows(fixture)).toEqual([
    { license_version: 1, name: "client-transaction", volume: 3, open: true },
    { license_version: 2, name: "client-transaction", volume: 2, open: false },
  ]);
});

test("a version that the next one left alone is not written twice", async () => {
  const fixture = await createTenantFixture(base.db);
  await publishNext(fixture, { rate_per_second: 1 });
  expect(await eventRows(fixture)).toEqual([{ license_version: 2, name: "client-transaction", volume: 0, open: true }]);
});
