import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { createFilledTenant, type FilledTenant } from "../../../test/helpers/filled-tenant.ts";
import { platformTx } from "../../db/tx.ts";
import { createErrorProofs } from "../../platform/error-proof.ts";
import { newId } from "../../platform/ids.ts";
import { explainRequest } from "./explain.ts";
import { verifyError } from "./verify.ts";

let base: TestDatabase;
let mine: FilledTenant;
let counter = 1;
beforeAll(async () => {
  base = await createTestDatabase();
  mine = await createFilledTenant(base.db);
});
afterAll(() => base[Symbol.asyncDispose]());

type Row = { requestId: string; phase?: string; status: number; code: string; clause: string; tenantId?: string | null };

async function insert({ requestId, phase = "answer", status, code, clause, tenantId = mine.tenantId }: Row): Promise<void> {
  counter += 1;
  const holder = tenantId === null ? null : mine.partner.partner_id;
  await platformTx(base.db, (tx) =>
    sql`INSERT INTO access_entry (journal_id, counter, at, entry_id, phase, tenant_id, partner_id, license_id, license_version, method, route,
      status, code, clause, request_id)
      VALUES ('jrn_test', ${counter}, now(), ${newId("aud")}, ${phase}, ${tenantId}, ${holder}, ${tenantId === null ? null : mine.license.license_id},
        ${tenantId === null ? null : 1}, 'GET', '/v1/x/{ref}', ${status}, ${code}, ${clause}, ${requestId})`.execute(tx),
  );
}

test("a refused call is explained by the clause of the license version that refused", async () => {
  const requestId = newId("req");
  await insert({ requestId, status: 404, code: "not-found", clause: "operation-not-licensed" });
  await insert({ requestId, phase: "completion", status: 404, code: "not-found", clause: "aborted" });
  expect(await explainRequest(mine.ctx, { request_id: requestId })).toMatchObject({
    request_id: requestId,
    route: "/v1/x/{ref}",
    status: 404,
    clause: "operation-not-licensed",
    license_id: mine.license.license_id,
    license_version: 1,
    aborted: true,
    says: { en: { todo: "Ask the utility for a version that grants the operation." } },
  });
});

test("a partner's user sees its own partner's calls alone, and nobody those of callers that were not recognised", async () => {
  const [own, nobodys] = [newId("req"), newId("req")];
  await insert({ requestId: own, status: 401, code: "unauthorized", clause: "token-expired" });
  await insert({ requestId: nobodys, status: 401, code: "unauthorized", clause: "token-unknown", tenantId: null });
  const as = (partnerIds: string[]) => ({ ...mine.ctx, partnerIds });
  expect(await explainRequest(as([mine.partner.partner_id]), { request_id: own })).toMatchObject({ clause: "token-expired" });
  await expect(explainRequest(as([newId("par")]), { request_id: own })).rejects.toMatchObject({ code: "not-found" });
  await expect(explainRequest(as([]), { request_id: own })).rejects.toMatchObject({ code: "not-found" });
  await expect(explainRequest(mine.ctx, { request_id: nobodys })).rejects.toMatchObject({ code: "not-found" });
});

test("the proof of a pasted error holds for that error alone, and tells when the call came in", async () => {
  const at = new Date("2026-11-24T12:00:00.123Z");
  const requestId = newId("req", at.getTime());
  const error = { status: 429, code: "too-many-requests", clause: "limit" };
  const proof = createErrorProofs(mine.keyring.subject.key).of({ requestId, ...error });
  expect(await verifyError(mine.ctx, { request_id: requestId, ...error, proof })).toEqual({
    request_id: requestId,
    genuine: true,
    at: at.toISOString(),
  });
  expect(await verifyError(mine.ctx, { request_id: requestId, ...error, status: 403, proof })).toMatchObject({ genuine: false, at: null });
});

test("neither is for an actor without requests:read", async () => {
  const ctx = { ...mine.ctx, scopes: ["status:read" as const] };
  await expect(explainRequest(ctx, { request_id: "req_x" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(verifyError(ctx, { request_id: "req_x", status: 404, code: "not-found", proof: "x" })).rejects.toMatchObject({
    code: "forbidden",
  });
});
