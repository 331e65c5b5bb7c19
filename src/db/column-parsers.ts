import pg from "pg";

type Parser = (text: string) => unknown;

const { builtins, getTypeParser } = pg.types;
// pg's own table of oids names no array types
const int8Array = 1016;
const timestampArray = 1115;
const dateArray = 1182;
const numericArray = 1231;
// not in pg's own list of type ids, though its parser is there
const textArray: number = 1009;

const asText: Parser = (text) => text;

/** The items of an array literal; pg's parser of text[] answers strings and nulls. */
function textItems(text: string): (string | null)[] {
  const items: unknown = getTypeParser(textArray)(text);
  return Array.isArray(items) ? items.map((item: unknown) => (typeof item === "string" ? item : null)) : [];
}

const ours = new Map<number, Parser>([
  [builtins.INT8, BigInt],
  [int8Array, (text) => textItems(text).map((item) => (item === null ? null : BigInt(item)))],
  [builtins.NUMERIC, asText],
  [numericArray, textItems],
  // without a zone these are no instants; whoever reads them says which zone they mean
  [builtins.DATE, asText],
  [dateArray, textItems],
  [builtins.TIMESTAMP, asText],
  [timestampArray, textItems],
]);

/** How a pool reads a column: nothing is rounded and no zone is guessed. Given to a pool, never set for the process. */
export function parserOf(oid: number, format?: "text" | "binary"): Parser {
  const own = format === "binary" ? undefined : ours.get(oid);
  return own ?? (format === "binary" ? getTypeParser(oid, "binary") : getTypeParser(oid));
}
