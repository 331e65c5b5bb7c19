import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/helpers/database.ts";
import { testKeyring } from "../../test/helpers/tenant.ts";
import { systemClock } from "../platform/clock.ts";
import { newId } from "../platform/ids.ts";
import { type ActionContext, systemContext } from "./context.ts";
import type { SortedPageQuery } from "./page.ts";
import { createPartner } from "./partner/create.ts";
import { listPartners } from "./partner/list.ts";
import { createTenant } from "./tenant/create.ts";

let base: TestDatabase;
let ctx: ActionContext;
let made: string[];
beforeAll(async () => {
  base = await createTestDatabase();
  ctx = systemContext({ db: base.db, clock: systemClock, keyring: testKeyring() }, newId("ten"), "test");
  await createTenant(ctx, { name: "Concessionária", demo: false });
  made = [];
  for (let n = 0; n < 7; n += 1) made.push((await createPartner(ctx, { name: `Banco ${n}` })).partner_id);
});
afterAll(() => base[Symbol.asyncDispose]());

async function walk(sort?: NonNullable<SortedPageQuery["sort"]>): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 3, ...(sort === undefined ? {} : { sort }), ...(cursor === undefined ? {} : { cursor }) };
    const page = await listPartners(ctx, query);
    seen.push(...page.items.map((one) => one.partner_id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return seen;
}

test("a list goes from the newest or from the oldest on, and shows each item once either way", async () => {
  expect(await walk()).toEqual(made.toReversed());
  expect(await walk("-created_at")).toEqual(made.toReversed());
  expect(await walk("created_at")).toEqual(made);
});

test("what is made while a list is walked moves no item that was to come", async () => {
  const first = await listPartners(ctx, { limit: 3 });
  const late = (await createPartner(ctx, { name: "late" })).partner_id;
  const rest = await listPartners(ctx, { limit: 200, cursor: first.next ?? "" });
  expect([...first.items, ...rest.items].map((one) => one.partner_id)).toEqual(made.toReversed());
  expect((await listPartners(ctx, { limit: 200, sort: "created_at" })).items.at(-1)?.partner_id).toBe(late);
});
