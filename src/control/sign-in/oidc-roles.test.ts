import fc from "fast-check";
import { expect, test } from "vitest";
import { mappedRoles, saysSecondFactor, vouchedEmail } from "./oidc-roles.ts";

const by = {
  role_claim: "groups",
  roleMap: [
    { value: "ti", roles: ["administrador" as const] },
    { value: "comercial", roles: ["operador" as const, "auditor" as const] },
    { value: "banco", roles: ["integrador" as const], partner_ids: ["par_1"] },
  ],
};

test("groups add up; the utility's own win over a partner's; no group gives nothing", () => {
  expect(mappedRoles({ groups: ["ti", "comercial"] }, by)).toEqual({ roles: ["administrador", "auditor", "operador"], partner_ids: [] });
  expect(mappedRoles({ groups: "banco" }, by)).toEqual({ roles: ["integrador"], partner_ids: ["par_1"] });
  expect(mappedRoles({ groups: ["banco", "ti"] }, by)).toEqual({ roles: ["administrador"], partner_ids: [] });
  expect(mappedRoles({ groups: ["Ti"] }, by)).toBeUndefined();
  expect(mappedRoles({}, by)).toBeUndefined();
  expect(mappedRoles({ groups: ["ti"] }, { ...by, role_claim: null })).toBeUndefined();
});

test("an address counts when the provider verified it and may vouch for its domain", () => {
  const domains = ["example.com"];
  expect(vouchedEmail({ email: "Ana@Example.com", email_verified: true }, domains)).toBe("ana@example.com");
  for (const claims of [
    { email: "ana@example.com" },
    { email: "ana@example.com", email_verified: "true" },
    { email: "ana@example.com.evil.example", email_verified: true },
    { email: "ana@evil.example@example.com", email_verified: true },
    { email: ["ana@example.com"], email_verified: true },
  ])
    expect(vouchedEmail(claims, domains)).toBeUndefined();
});

test("no claim of any form makes it fail", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (groups, email, amr) => {
      mappedRoles(Object({ groups }), by);
      vouchedEmail(Object({ email, email_verified: true }), ["example.com"]);
      expect(saysSecondFactor(Object({ amr }))).toBe(Array.isArray(amr) && amr.includes("mfa"));
    }),
  );
});
