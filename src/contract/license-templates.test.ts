import { expect, test } from "vitest";
import { checkGrants } from "../control/license/check-grants.ts";
import { loadCatalog } from "../gsan/catalog/load-catalog.ts";
import { isLegalBasis } from "./legal-bases.ts";
import { licenseTemplates } from "./license-templates.ts";
import { shownFields } from "./shown-fields.ts";

test("every partner kind has a template", () => {
  expect(licenseTemplates.map((template) => template.template_id)).toEqual([
    "bank",
    "card-acquirer",
    "chatbot",
    "collection",
    "concession-split",
    "credit-bureau",
    "donation",
    "field-service",
    "municipality",
    "notary",
    "pix-psp",
    "virtual-agency",
  ]);
});

test.each(licenseTemplates)(
  "$template_id grants what the rules allow, of operations that the base serves, and no class for nothing",
  (template) => {
    const catalogue = new Map(loadCatalog().map((operation) => [operation.operation_id, operation]));
    expect(isLegalBasis(template.legal_basis)).toBe(true);
    checkGrants(template);
    for (const operation of template.operations) {
      const known = catalogue.get(operation.operation_id);
      expect(known?.state).toBe("served");
      const request = JSON.stringify([known?.parameters, known?.request_schema]);
      const answered = new Set(shownFields(known?.response_schema, operation).map((field) => field.lgpdClass as string));
      for (const name of Object.keys(operation.projection)) expect(answered.has(name) || request.includes(`"${name}"`)).toBe(true);
    }
  },
);
