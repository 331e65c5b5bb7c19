import { AppError } from "../../contract/errors.ts";
import type { LicenseChange } from "../../contract/license-content.ts";
import { licenseTemplate } from "../../contract/license-templates.ts";
import { isLegalBasis } from "../../contract/legal-bases.ts";
import type { NewLicense } from "../../contract/license.ts";
import type { KnownOperations } from "./known-operations.ts";

/**
 * What a new license says, with the template's word where the input leaves one out. Operations of the template that the
 * tenant does not serve are left out. Refuses (`invalid-field`) an unknown template, and a missing member that no
 * template gives.
 */
export function filledInput(input: NewLicense, known: KnownOperations): LicenseChange {
  const { partner_id: _, template: name, state: __, ...given } = input;
  if (name === undefined) {
    for (const member of ["purpose", "legal_basis", "rate_per_second", "burst", "operations"] as const)
      if (given[member] === undefined) refuse(`/body/${member}`, "this is required where no template gives it");
    return given;
  }
  const template = licenseTemplate(name);
  if (template === undefined || !isLegalBasis(template.legal_basis)) return refuse("/body/template", "there is no such template");
  const { purpose, legal_basis, rate_per_second, burst, events } = template;
  const operations = template.operations.filter((operation) => known.get(operation.operation_id)?.state === "served");
  return { purpose, legal_basis, rate_per_second, burst, events, operations, ...given };
}

function refuse(pointer: string, detail: string): never {
  throw new AppError("invalid-field", detail, { pointer });
}
