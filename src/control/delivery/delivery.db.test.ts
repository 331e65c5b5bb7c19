import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { createTenantFixture, type TenantFixture } from "../../../test/helpers/tenant.ts";
import { tenantTx } from "../../db/tx.ts";
import { newId } from "../../platform/ids.ts";
import { getDelivery } from "./get.ts";
import { listDeliveries } from "./list.ts";

let base: TestDatabase;
let fixture: TenantFixture;
const made: string[] = [];

/** Deliveries of two days, some delivered, as the fan-out and the dispatcher write them. */
beforeAll(async () => {
  base = await createTestDatabase();
  fixture = await createTenantFixture(base.db);
  await sql`SELECT aqueduto.ensure_event_days()`.execute(base.db);
  await tenantTx(base.db, fixture.tenantId, async (tx) => {
    for (let i = 0; i < 7; i += 1) {
      const id = newId("dlv");
      made.push(id);
      const day = sql<string>`(now() AT TIME ZONE 'UTC')::date - ${i < 3 ? 1 : 0}::int`;
      await tx
        .insertInto("delivery")
        .values({
          tenant_id: fixture.tenantId,
          day,
          delivery_id: id,
          webhook_id: fixture.webhook.webhook_id,
          type: "client-transaction",
          variant: "whole",
          event_day: day,
          event_ids: [`evt_${i}a`, `evt_${i}b`],
          first_sequence: 2 * i + 1,
          last_sequence: 2 * i + 2,
          ...(i === 0 ? { state: "delivered", attempts: 1, ended_at: new Date() } : {}),
        })
        .execute();
    }
    await tx
      .insertInto("attempt")
      .values({
        tenant_id: fixture.tenantId,
        day: sql<string>`(now() AT TIME ZONE 'UTC')::date`,
        attempt_id: newId("att"),
        delivery_id: made[0] ?? "",
        webhook_id: fixture.webhook.webhook_id,
        number: 1,
        started_at: new Date(),
        duration_ms: 12,
        status: 204,
        outcome: "delivered",
      })
      .execute();
  });
});
afterAll(() => base[Symbol.asyncDispose]());

test("pages hold every delivery once across days, newest first", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listDeliveries>> = await listDeliveries(fixture.ctx, {
      limit: 2,
      ...(cursor === null ? {} : { cursor }),
    });
    seen.push(...page.items.map((item) => item.delivery_id));
    cursor = page.next;
  } while (cursor !== null);
  expect(seen).toEqual(made.toReversed());
});

test("a delivery shows its numbers, events and attempts", async () => {
  const [item] = (await listDeliveries(fixture.ctx, { state: "delivered", webhook_id: fixture.webhook.webhook_id })).items;
  expect(item).toMatchObject({ delivery_id: made[0], items: 2, first_sequence: "1", last_sequence: "2", due_at: null, attempts: 1 });
  expect(await getDelivery(fixture.ctx, { delivery_id: made[0] ?? "" })).toMatchObject({
    ...item,
    event_ids: ["evt_0a", "evt_0b"],
    tries: [{ number: 1, status: 204, outcome: "delivered", duration_ms: 12 }],
  });
});

test("another tenant sees no delivery, in lists and by id", async () => {
  const other = await createTenantFixture(base.db);
  expect((await listDeliveries(other.ctx, {})).items).toEqual([]);
  await expect(getDelivery(other.ctx, { delivery_id: made[0] ?? "" })).rejects.toMatchObject({ code: "not-found" });
});
