import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/helpers/database.ts";
import { createTenantFixture, fixtureOpenapi, type TenantFixture } from "../../../test/helpers/tenant.ts";
import type { LicenseChange } from "../../contract/license-content.ts";
import { scopesOf } from "../../contract/roles.ts";
import { tenantTx } from "../../db/tx.ts";
import type { ActionContext } from "../context.ts";
import { approveLicenseVersion } from "../license/approve.ts";
import { draftLicenseVersion } from "../license/draft-version.ts";
import { getLicenseEffect } from "../license/effect.ts";
import { publishLicenseVersion } from "../license/publish.ts";
import { submitLicenseVersion } from "../license/submit.ts";
import { diffServiceOpenapi } from "./diff-openapi.ts";
import { replaceOpenapi } from "./replace-openapi.ts";

let base: TestDatabase;
beforeAll(async () => {
  base = await createTestDatabase();
});
afterAll(() => base[Symbol.asyncDispose]());

type Change = { fields?: Record<string, object | undefined>; health?: object };

/** The fixture's document with other fields in the answer of getProperty, or other marks. */
function changed({ fields = {}, health = {} }: Change): unknown {
  const document = structuredClone(fixtureOpenapi) as unknown as {
    paths: Record<
      string,
      { get: { responses: { 200: { content: { "application/json": { schema: { properties: object; required?: string[] } } } } } } }
    >;
  };
  const { get } = document.paths["/v1/properties/{matricula}"]!;
  const { schema } = get.responses[200].content["application/json"];
  schema.properties = Object.fromEntries(Object.entries({ ...schema.properties, ...fields }).filter(([, field]) => field !== undefined));
  delete schema.required;
  Object.assign(document.paths["/v1/health"]!.get, health);
  return document;
}

const leaf = (lgpd: string, more: object = {}) => ({ type: "string", "x-lgpd": lgpd, ...more });

function upload({ ctx, serviceId }: TenantFixture, openapi: unknown) {
  return replaceOpenapi(ctx, { service_id: serviceId, openapi, accept_breaking: true, reason: "test" });
}

test.each<[string, Change, string]>([
  ["a class that the license does not show becomes one that is always shown", { fields: { phone: leaf("none") } }, "/phone"],
  ["a class that the license does not show becomes one that it does", { fields: { phone: leaf("identity") } }, "/phone"],
  ["a class that is shown no longer says that it is of a person", { fields: { debt: { type: "number", "x-lgpd": "none" } } }, "/debt"],
  ["a new field has a class that the license shows", { fields: { owner: leaf("identity") } }, "/owner"],
  ["a masked field is masked less", { fields: { cpf: leaf("identity", { "x-mask": "keep" }) } }, "/cpf"],
  ["a field becomes a list of it", { fields: { phone: { type: "array", items: leaf("none") } } }, "/phone/*"],
])("a document is refused when %s, and the diff before names license and field", async (_name, change, pointer) => {
  const fixture = await createTenantFixture(base.db);
  const { license_id } = fixture.license;
  const openapi = changed(change);
  const { opened } = await diffServiceOpenapi(fixture.ctx, { service_id: fixture.serviceId, openapi });
  expect(opened).toEqual([{ license_id, operation_id: "getProperty", pointer, detail: expect.any(String) }]);
  await expect(upload(fixture, openapi)).rejects.toMatchObject({
    code: "conflict",
    pointer: "/body/openapi",
    message: expect.stringContaining(`${license_id} getProperty ${pointer}`),
  });
});

test.each<[string, Change]>([
  ["a new field says nothing of a person", { fields: { colour: leaf("none") } }],
  ["a new field is of a class that no license shows", { fields: { fax: leaf("contact") } }],
  ["a class becomes one that shows less", { fields: { debt: leaf("identity") } }],
  ["a field goes", { fields: { phone: undefined } }],
])("a document is registered when %s", async (_name, change) => {
  const fixture = await createTenantFixture(base.db);
  expect(await upload(fixture, changed(change))).toMatchObject({ service: { version: 2 } });
});

test("a field is not opened in two steps: gone from one document, back in the next with another class", async () => {
  const fixture = await createTenantFixture(base.db);
  await upload(fixture, changed({ fields: { phone: undefined } }));
  await expect(upload(fixture, changed({ fields: { phone: leaf("none") } }))).rejects.toMatchObject({ code: "conflict" });
});

test("an operation that a license holds is not made publishable under it", async () => {
  const fixture = await createTenantFixture(base.db);
  await upload(fixture, changed({ health: { "x-publishable": false } }));
  await expect(upload(fixture, changed({}))).rejects.toMatchObject({ message: expect.stringContaining("getHealth /x-publishable") });
});

test("the way on: a narrower version, the document, and a version that shows the field again, approved by another person", async () => {
  const fixture = await createTenantFixture(base.db);
  const { ctx, license } = fixture;
  const as = (id: string): ActionContext => ({
    ...ctx,
    actor: { kind: "user", id },
    scopes: scopesOf(["administrador"]),
    session: { sessionId: `ses_${id}`, secondFactorAt: new Date() },
  });
  const [ana, bia] = [as("usr_ana"), as("usr_bia")];
  const projection = { indirect: "full", identity: "masked" } as const;
  const draft = async (change: Omit<LicenseChange, "license_id">) => {
    const people = { responsible: { name: "Ana" }, encarregado: { name: "Davi" } };
    const { version } = await draftLicenseVersion(ana, { license_id: license.license_id, ...people, ...change });
    const at = { license_id: license.license_id, version };
    await submitLicenseVersion(ana, at);
    const { effect, needs_second_person } = await getLicenseEffect(ana, at);
    return { ...at, effect, needs_second_person };
  };
  const granted = (fields?: string[]) => ({
    operations: [{ operation_id: "getProperty", projection, ...(fields === undefined ? {} : { fields }) }],
  });
  const { needs_second_person: _, ...narrow } = await draft(granted(["/matricula", "/name", "/cpf"]));
  await publishLicenseVersion(ana, narrow);
  const openapi = changed({ fields: { phone: leaf("none") } });
  await upload(fixture, openapi);
  const { needs_second_person, ...wide } = await draft(granted());
  expect(needs_second_person).toBe(true);
  await expect(approveLicenseVersion(ana, wide)).rejects.toMatchObject({ code: "forbidden" });
  await approveLicenseVersion(bia, wide);
  await publishLicenseVersion(ana, wide);
  expect(await upload(fixture, openapi)).toMatchObject({ service: { version: 3 } });
});

test("a license that has ended stands in no document's way", async () => {
  const fixture = await createTenantFixture(base.db);
  await tenantTx(base.db, fixture.tenantId, (tx) =>
    tx.updateTable("license").set({ state: "ended" }).where("license_id", "=", fixture.license.license_id).execute(),
  );
  expect(await upload(fixture, changed({ fields: { phone: leaf("none") } }))).toMatchObject({ service: { version: 2 } });
});
