import { type FieldGrant, shownFields } from "../../contract/shown-fields.ts";

/** What a license shows of an answer: `class=level` of every class that stands in it and is shown, sorted. */
export function shownCategories(schema: unknown, grant: FieldGrant): string[] {
  const shown = shownFields(schema, grant).filter((field) => field.level !== "none");
  return [...new Set(shown.map((field) => `${field.lgpdClass}=${field.level}`))].sort();
}
