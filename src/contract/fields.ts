import Type, { type TSchema } from "typebox";

/** No control characters, no lone surrogates: neither PostgreSQL text nor jsonb can hold them. */
const plainText = "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$";

/** Text that people write: 1 to `maxLength` characters on one line. */
export function text(maxLength: number) {
  return Type.String({ minLength: 1, maxLength, pattern: plainText });
}

/** An id of the platform. Its form is not checked: an unknown id and a malformed one are both not found. */
export const Id = text(64);

/** RFC 3339 instant with zone. */
export const Instant = Type.String({ format: "date-time" });

export function nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

/** An object that takes no other property. */
export function strict<T extends Parameters<typeof Type.Object>[0]>(properties: T) {
  return Type.Object(properties, { additionalProperties: false });
}

/** One page of a list: items in the route's order, and the cursor of the next page or null. */
export function page<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), next: nullable(Type.String()) });
}

/** Query of every list: `cursor` is the `next` of the page before. */
export const pageQuery = {
  cursor: Type.Optional(text(200)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
};

/** Query of lists that also go from the oldest on; ids are in the order of creation, so a cursor holds in either direction. */
export const sortedPageQuery = {
  ...pageQuery,
  sort: Type.Optional(Type.Enum(["-created_at", "created_at"])),
};

export const ActiveState = Type.Enum(["active", "disabled", "revoked"]);
export const Mode = Type.Enum(["live", "test"]);
