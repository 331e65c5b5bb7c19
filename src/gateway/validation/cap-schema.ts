import { isRecord, typesOf } from "../projection/json-schema.ts";

/** Items of a list in a request where its schema has no `maxItems`. */
export const defaultMaxItems = 1_000;
/** Rows of a page that a request may ask for where its schema has no `maximum`. */
export const defaultPageSize = 1_000;

const pageSizeName = /^(limit|limite|size|tamanho|page_?size|per_?page|itens_?por_?pagina)$/i;

/** A request's schema with the caps that it leaves open: its own always stand. */
export function capSchema(schema: object): object {
  return capNode(schema, "") as object;
}

function capNode(node: unknown, name: string): unknown {
  if (!isRecord(node)) return node;
  const capped: Record<string, unknown> = { ...node };
  const types = typesOf(node);
  if (types.has("array")) {
    capped["maxItems"] ??= defaultMaxItems;
    capped["items"] = capNode(node["items"], "");
  }
  const isNumber = types.has("integer") || types.has("number");
  if (isNumber && pageSizeName.test(name) && node["exclusiveMaximum"] === undefined) capped["maximum"] ??= defaultPageSize;
  const { properties } = node;
  if (isRecord(properties)) {
    capped["properties"] = Object.fromEntries(Object.entries(properties).map(([member, field]) => [member, capNode(field, member)]));
  }
  return capped;
}
