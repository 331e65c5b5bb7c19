import { isListed } from "../../contract/shown-fields.ts";
import { isRecord } from "./json-schema.ts";

/** A response schema with the listed fields alone (JSON pointers, `*` = each list item); whole where no list is stated. */
export function pruneSchema(schema: unknown, fields: readonly string[] | null): unknown {
  return fields === null ? schema : pruned(schema, "", fields);
}

function pruned(node: unknown, pointer: string, fields: readonly string[]): unknown {
  if (!isRecord(node) || isListed(pointer, fields)) return node;
  const { properties, items } = { properties: node["properties"], items: node["items"] };
  if (isRecord(items)) return { ...node, items: reaches(`${pointer}/*`, fields) ? pruned(items, `${pointer}/*`, fields) : {} };
  if (!isRecord(properties)) return node;
  const kept = Object.entries(properties)
    .map(([name, field]) => ({ name, field, at: `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}` }))
    .filter(({ at }) => reaches(at, fields))
    .map(({ name, field, at }) => [name, pruned(field, at, fields)] as const);
  return { ...node, properties: Object.fromEntries(kept) };
}

/** Whether the list holds the field, something that holds it, or something inside it. */
function reaches(pointer: string, fields: readonly string[]): boolean {
  return isListed(pointer, fields) || fields.some((field) => field.startsWith(`${pointer}/`));
}
