/**
 * The bytes on the wire: `{"<type>":[` + items + `]}`. Items are put in as they were stored, never parsed and written
 * again, so no number changes and every retry has the same bytes.
 */
export function deliveryBody(type: string, items: readonly string[]): string {
  return `{"${type}":[${items.join(",")}]}`;
}

/** JSON.parse gives a reviver the source text of every primitive (ECMAScript 2026). */
class Literal {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/**
 * The thin variant of an item: the named fields alone, in the order named, each in the exact characters of the item.
 * A field that is absent, or is not a string, number, boolean or null, is left out. Throws SyntaxError when the item is not JSON.
 */
export function thinItem(item: string, fields: readonly string[]): string {
  const parsed: unknown = JSON.parse(item, (_key, value: unknown, context?: { source?: string }) =>
    context?.source === undefined ? value : new Literal(context.source),
  );
  if (!isRecord(parsed)) return "{}";
  const kept = fields.flatMap((field) => {
    const value = Object.hasOwn(parsed, field) ? parsed[field] : undefined;
    return value instanceof Literal ? [`${JSON.stringify(field)}:${value.source}`] : [];
  });
  return `{${kept.join(",")}}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
