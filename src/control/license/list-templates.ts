import { licenseTemplates, type LicenseTemplate } from "../../contract/license-templates.ts";
import type { ActionContext } from "../context.ts";
import { limitOf, pageOf, type Page, type PageQuery } from "../page.ts";
import { requireScope } from "../require-scope.ts";

/** Templates of licenses, by id. */
export async function listLicenseTemplates(ctx: ActionContext, query: PageQuery): Promise<Page<LicenseTemplate>> {
  requireScope(ctx, "licenses:read");
  const rest = licenseTemplates.filter((template) => query.cursor === undefined || template.template_id > query.cursor);
  return pageOf(rest.slice(0, limitOf(query) + 1), query, { item: (template) => template, cursor: (template) => template.template_id });
}
